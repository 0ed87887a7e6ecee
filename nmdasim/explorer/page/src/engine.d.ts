declare module "*/runtime/run.js" {
  export function load(card: unknown): Promise<Record<string, unknown>>;
  // the engine is JavaScript without types; docs/javascript.md says what it offers
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  export const Run: new (card: unknown, modules: unknown) => any;
}
