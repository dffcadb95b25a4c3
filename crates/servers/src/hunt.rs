//! Hunting real servers: after this module a reader can have a server of theirs cut, killed, paused and slowed down by a seed
//! while clients write and read, and judged by what it claims, round after round.
//!
//! A round is short, so that memory is bounded however long a hunt lasts: a [`Schedule`](schedule::Schedule) of faults is
//! carried out ([`trial`]), all heals, every key is read at every site, and the judges have it ([`judged`]). What real servers
//! do no seed repeats; so a schedule that showed something is tried again, and how often it showed it again is told.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`schedule`] | what is done and when, of a seed, as text |
//! | [`trial`] | one round: clients, faults, heal, last reads |
//! | [`remains`] | what is left after the heal |
//! | [`judged`] | what a mode claims, and whether it held |
//! | [`luck`] | numbers out of a seed |
//! | `carried` | how harm is done to processes and links; on Linux alone, as what follows |
//! | `rounds` | all rounds, until something is found |

#[cfg(target_os = "linux")]
mod carried;
pub mod judged;
pub mod luck;
pub mod remains;
#[cfg(target_os = "linux")]
pub mod rounds;
pub mod schedule;
pub mod trial;
