//! `acquire::index` against a real HTTP server on loopback, with real wheels and every way to misbehave: what is asked,
//! what is chosen, what comes, and what never may.

mod credentials;
mod failures;
mod pages;
#[path = "../support/scripts.rs"]
mod scripts;
mod server;
mod setup;
mod tags;
mod wheels;
