"""What a model is: its shape and parameter counts, from the Hub, a folder, a GGUF file, a shipped table or by hand."""
