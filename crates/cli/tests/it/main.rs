//! The command as a user meets it, and the rules of the house that no single crate can check.

mod antarctic;
mod checking;
mod clients;
mod command;
mod comparing;
mod determinism;
mod exploring;
mod given;
mod goldens;
mod hunting;
mod judging;
mod judging_many;
mod layers;
mod living;
mod machines;
mod own_protocol;
mod own_traces;
mod readme;
mod reference;
mod running;
mod shipped;
mod specimens;
mod studies;
mod sweeping;
mod tidy;
mod timelines;
