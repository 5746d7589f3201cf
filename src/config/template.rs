//! What `ftaudit init` writes.

/// A configuration that changes nothing, with everything that can be said in it as comments.
pub const TEMPLATE: &str = include_str!("template.toml");
