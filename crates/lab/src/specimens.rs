//! Small protocols, right and wrong: what each promise costs, and proof that what is wrong is found.
//!
//! Each is a file of its own that can be read alone: a node, what it promises, and its world. A wrong variant differs from
//! the right one in one thing that people do.

use std::fmt;

use crate::subject::Subject;

mod at_most_once;
mod broadcast;
mod cache;
mod catalog;
mod chain_replication;
mod commit_wait;
mod counter;
mod dedup_window;
mod election;
mod failure_detector;
mod gossip;
mod leader_read;
mod lease;
mod lock;
mod lww_register;
mod mutex;
mod outbox;
mod pages;
mod paxos;
mod primary_backup;
mod quorum_register;
mod request_reply;
mod sequence_id;
mod session;
mod sharded_read;
mod snapshot;
mod telephone;
mod termination;
mod tombstone;
mod total_order;
mod two_phase_commit;
mod write_skew;

/// One variant of a small protocol.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Specimen {
    /// What the protocol is called: `request-reply`.
    pub name: &'static str,
    /// Which variant of it: `blind-retry`.
    pub variant: &'static str,
    /// What the variant does, in one line.
    pub does: &'static str,
    /// What it promises, in one line; a wrong variant breaks it.
    pub promise: &'static str,
    /// Whether it keeps that.
    pub soundness: Soundness,
    /// Its world and its nodes.
    pub(crate) subject: fn() -> Box<dyn Subject>,
}

/// Whether a specimen keeps what it promises.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Soundness {
    /// Whatever its world does.
    Right,
    /// Not under some schedule.
    Wrong {
        /// How many deviations from the calm run the shortest known one has; 0 where the calm run breaks it.
        shortest: u32,
    },
}

impl Specimen {
    /// Every specimen, by name, the right variants of each first.
    pub fn all() -> impl Iterator<Item = &'static Specimen> {
        [
            at_most_once::SPECIMENS,
            broadcast::SPECIMENS,
            cache::SPECIMENS,
            catalog::SPECIMENS,
            chain_replication::SPECIMENS,
            commit_wait::SPECIMENS,
            counter::SPECIMENS,
            dedup_window::SPECIMENS,
            election::SPECIMENS,
            failure_detector::SPECIMENS,
            gossip::SPECIMENS,
            leader_read::SPECIMENS,
            lease::SPECIMENS,
            lock::SPECIMENS,
            lww_register::SPECIMENS,
            mutex::SPECIMENS,
            outbox::SPECIMENS,
            paxos::SPECIMENS,
            primary_backup::SPECIMENS,
            quorum_register::SPECIMENS,
            request_reply::SPECIMENS,
            sequence_id::SPECIMENS,
            session::SPECIMENS,
            sharded_read::SPECIMENS,
            snapshot::SPECIMENS,
            telephone::SPECIMENS,
            termination::SPECIMENS,
            tombstone::SPECIMENS,
            total_order::SPECIMENS,
            two_phase_commit::SPECIMENS,
            write_skew::SPECIMENS,
        ]
        .into_iter()
        .flatten()
    }

    /// The specimen that is written so: `request-reply/blind-retry`.
    pub fn find(path: &str) -> Option<&'static Specimen> {
        Specimen::all().find(|specimen| specimen.to_string() == path)
    }

    /// What is to be learnt from its protocol, in one sentence: the first of [`Specimen::text`].
    pub fn lesson(&self) -> &'static str {
        let first = self.text().lines().next().unwrap_or_default();
        first.strip_prefix("//! ").unwrap_or(first)
    }

    /// The file in which the protocol with all its variants, its promise and its world are written, in Rust.
    pub fn text(&self) -> &'static str {
        pages::page_of(self.name).text
    }

    /// The works that the protocol is from, as authors and year; none for what everybody knows.
    pub fn works(&self) -> &'static [&'static str] {
        pages::page_of(self.name).works
    }

    /// What can be run and judged.
    pub fn subject(&self) -> Box<dyn Subject> {
        (self.subject)()
    }
}

impl fmt::Display for Specimen {
    /// Its path, by which [`Specimen::find`] finds it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.variant)
    }
}

impl fmt::Debug for Specimen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Specimen")
            .field("name", &self.name)
            .field("variant", &self.variant)
            .field("soundness", &self.soundness)
            .finish_non_exhaustive()
    }
}
