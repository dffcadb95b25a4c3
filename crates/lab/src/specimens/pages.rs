//! Of each small protocol its text, so that a program that ships them can show what is to be learnt and how it is written.

/// What there is to read of a protocol.
pub(super) struct Page {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    /// Whose it is, as its text cites them.
    pub(super) works: &'static [&'static str],
}

/// Each, by name.
const PAGES: &[Page] = &[
    page("at-most-once", include_str!("at_most_once.rs"), &[]),
    page("broadcast", include_str!("broadcast.rs"), &["Birman, Schiper and Stephenson 1991"]),
    page("cache", include_str!("cache.rs"), &["Nishtala et al. 2013"]),
    page("catalog", include_str!("catalog.rs"), &["Parker and others 1983", "Lamport 1978"]),
    page("chain-replication", include_str!("chain_replication.rs"), &["van Renesse and Schneider 2004"]),
    page("commit-wait", include_str!("commit_wait.rs"), &["Corbett et al. 2012"]),
    page("counter", include_str!("counter.rs"), &["Shapiro, Preguiça, Baquero and Zawirski 2011"]),
    page("dedup-window", include_str!("dedup_window.rs"), &["Birrell and Nelson 1984"]),
    page("election", include_str!("election.rs"), &["Ongaro and Ousterhout 2014"]),
    page("failure-detector", include_str!("failure_detector.rs"), &[]),
    page("gossip", include_str!("gossip.rs"), &[]),
    page("leader-read", include_str!("leader_read.rs"), &["Ongaro and Ousterhout 2014"]),
    page("lease", include_str!("lease.rs"), &["Gray and Cheriton 1989"]),
    page("lock", include_str!("lock.rs"), &["Kleppmann 2016"]),
    page("lww-register", include_str!("lww_register.rs"), &["Lamport 1978"]),
    page("mutex", include_str!("mutex.rs"), &["Lamport 1978"]),
    page("outbox", include_str!("outbox.rs"), &[]),
    page("paxos", include_str!("paxos.rs"), &["Lamport 2001"]),
    page("primary-backup", include_str!("primary_backup.rs"), &[]),
    page("quorum-register", include_str!("quorum_register.rs"), &["Attiya, Bar-Noy and Dolev 1995"]),
    page("request-reply", include_str!("request_reply.rs"), &[]),
    page("sequence-id", include_str!("sequence_id.rs"), &[]),
    page("session", include_str!("session.rs"), &["Terry et al. 1994"]),
    page("sharded-read", include_str!("sharded_read.rs"), &[]),
    page("snapshot", include_str!("snapshot.rs"), &["Chandy and Lamport 1985"]),
    page("telephone", include_str!("telephone.rs"), &["Lamport 1978"]),
    page(
        "termination",
        include_str!("termination.rs"),
        &["Dijkstra 1987", "Dijkstra, Feijen and van Gasteren 1983"],
    ),
    page("tombstone", include_str!("tombstone.rs"), &[]),
    page("total-order", include_str!("total_order.rs"), &["Lamport 1978"]),
    page("two-phase-commit", include_str!("two_phase_commit.rs"), &["Gray 1978"]),
    page("write-skew", include_str!("write_skew.rs"), &["Berenson et al. 1995", "Kung and Robinson 1981"]),
];

/// Of a protocol that nobody entered above, which a test finds out.
const BLANK: Page = page("", "", &[]);

const fn page(name: &'static str, text: &'static str, works: &'static [&'static str]) -> Page {
    Page { name, text, works }
}

/// The page of a protocol.
pub(super) fn page_of(name: &str) -> &'static Page {
    PAGES.iter().find(|page| page.name == name).unwrap_or(&BLANK)
}
