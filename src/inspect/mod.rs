//! Stage 3: bytes -> facts. Reads a binary as the interpreter would; concludes nothing.

pub mod image;
