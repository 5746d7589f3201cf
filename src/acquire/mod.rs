//! Stage 1: what the user named -> artifacts.
//!
//! [`local`] finds out what is on this machine: wheels, environments, trees, modules. [`project`] reads what a
//! project asks an installer for, from requirements and lock files. [`index`] chooses and fetches the wheels that an
//! installer would take for it.

pub mod index;
pub mod local;
pub mod project;

pub use local::{Discovery, discover};
