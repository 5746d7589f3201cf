//! The reports of `ftaudit db`, about what is known of packages: as text, and as JSON.

pub mod human;
pub mod json;
