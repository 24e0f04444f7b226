"""The small Llama of `--base tiny`, in plain numbers: both engines make it, each in its own environment."""

VOCABULARY = 2048
SIZES: dict[str, int] = {
    "hidden_size": 160,
    "intermediate_size": 448,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
}
