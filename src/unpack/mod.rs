//! Stage 2: artifact -> distributions and their members.
