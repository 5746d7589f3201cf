//! Stage 5: report -> text, a file for each format. Nothing here decides: what is shown was concluded before.

pub mod badge;
pub mod csv;
pub mod difference;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod human;
pub mod inspection;
pub mod json;
pub mod junit;
pub mod known;
pub mod markdown;
pub mod ndjson;
pub mod sarif;

mod environment;
mod issue;
mod place;
mod summary;
#[cfg(test)]
mod testing;
mod visible;

pub use place::Folders;
pub(crate) use visible::visible;
