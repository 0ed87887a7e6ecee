"""What a neuron is: equations, parameters, shape and inputs, checked, and made concrete as a Plan."""
