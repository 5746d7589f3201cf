//! Stage 4: facts -> verdicts and findings. Pure: nothing here reads a file or knows where facts come from.

mod evidence;
mod slots;
mod suffix;
mod verdict;

pub use verdict::judge;
