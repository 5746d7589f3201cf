//! What lies beside a file.

use std::ops::Deref;

/// Bytes of a file, however they are held.
pub type Bytes = Box<dyn Deref<Target = [u8]>>;

/// The files that came with a module: of the same wheel, or of the same environment.
pub trait Beside {
    /// The bytes of a shared library, by file name without folders. None where there is no such file, or none
    /// that can be read.
    fn library(&self, file: &str) -> Option<Bytes>;
}

/// Nothing lies beside it.
#[derive(Debug, Clone, Copy)]
pub struct Alone;

impl Beside for Alone {
    fn library(&self, _file: &str) -> Option<Bytes> {
        None
    }
}
