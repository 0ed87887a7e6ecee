// The page in a frame of a notebook. What Python sets moves its sliders; what they lead to goes back as results.
function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.title = "nmdasim explorer";
  frame.style.cssText = `width:100%;border:0;height:${model.get("height")}`;
  frame.srcdoc = model.get("page");
  el.append(frame);

  const send = () =>
    frame.contentWindow?.postMessage({ nmdasim: "set", panel: model.get("panel"), settings: model.get("settings") }, "*");
  const heard = (event) => {
    if (event.source !== frame.contentWindow || event.data?.nmdasim !== "results") return;
    const { panel, settings, results } = event.data;
    if (model.get("panel") !== panel) model.set("panel", panel);
    // the page is the one that moved: what it says is not sent back to it
    if (JSON.stringify(model.get("settings")) !== JSON.stringify(settings)) model.set("settings", settings);
    model.set("results", results);
    model.save_changes();
  };
  window.addEventListener("message", heard);
  model.on("change:settings", send);
  model.on("change:panel", send);
  return () => {
    window.removeEventListener("message", heard);
    model.off("change:settings", send);
    model.off("change:panel", send);
  };
}
export default { render };
