//! Stage 6: report -> bytes.
