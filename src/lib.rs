//! ftaudit
#![forbid(unsafe_op_in_unsafe_fn)]
pub mod acquire;
pub mod assess;
pub mod inspect;
pub mod model;
pub mod report;
pub mod unpack;
