//! The command as a user meets it, and the rules of the house that no single crate can check.

mod antarctic;
mod auditing;
mod auditing_baseline;
mod auditing_formats;
mod auditing_projects;
mod checking;
mod claiming;
mod clients;
mod command;
mod comparing;
mod determinism;
mod drawing;
mod exploring;
mod given;
mod goldens;
mod hunting;
mod hunting_models;
mod hunting_real;
mod judging;
mod judging_evidence;
mod judging_many;
mod judging_runs;
mod judging_values;
mod layers;
mod living;
mod machines;
mod own_protocol;
mod own_traces;
mod placing;
mod placing_cap;
#[cfg(target_os = "linux")]
mod placing_own;
#[cfg(target_os = "linux")]
mod placing_real;
mod placing_required;
mod placing_stores;
mod readme;
mod reference;
mod running;
mod shipped;
mod specimens;
mod studies;
mod sweeping;
mod tidy;
mod timelines;
