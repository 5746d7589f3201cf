//! Stage 4: facts, and what a run showed -> verdicts and findings. Pure: nothing here reads a file or knows where facts come from.

mod answer;
mod availability;
mod delegation;
mod distribution;
mod environment;
mod evidence;
pub mod rules;
mod runtime;
mod slots;
mod statements;
mod suffix;
mod verdict;

pub use answer::answer;
pub use availability::availability;
pub use delegation::settle;
pub use distribution::distribution;
pub use environment::environments;
pub use rules::{check, check_package};
pub use runtime::compare;
pub use verdict::judge;
