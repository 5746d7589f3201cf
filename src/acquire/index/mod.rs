//! Which wheel an installer would take for what a project asks for, and that wheel's bytes: the indexes, their
//! rules of precedence, credentials, the cache.

mod options;

pub use options::IndexOptions;
