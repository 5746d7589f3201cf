//! Stage 5: report -> text, a file for each format. Nothing here decides: what is shown was concluded before.

pub mod html;
pub mod human;
pub mod inspection;
pub mod json;
pub mod known;

mod environment;
mod summary;
#[cfg(test)]
mod testing;
mod visible;
