//! Stage 1: what the user named -> artifacts.
