//! The judges, each shown runs that keep its promise and runs that break it.

mod catalog;
mod claims;
mod delivery;
mod exhaustive;
mod models;
mod order;
mod outcome;
mod proof;
mod run;
mod spans;
mod stamps;
mod story;
mod structure;
