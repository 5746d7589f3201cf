//! Stage 4: facts -> verdicts and findings. Pure: nothing here reads a file or knows where facts come from.

mod distribution;
mod evidence;
pub mod rules;
mod slots;
mod suffix;
mod tags;
mod verdict;

pub use distribution::distribution;
pub use rules::check;
pub use verdict::judge;
