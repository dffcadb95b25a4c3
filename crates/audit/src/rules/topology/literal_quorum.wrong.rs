//! Majorities of three, for ever.

struct Election {
    votes: Vec<String>,
    acks_received: usize,
}

impl Election {
    fn is_won(&self) -> bool {
        self.votes.len() >= 2 //~ topology::literal-quorum
    }

    fn is_committed(&self) -> bool {
        if 3 <= self.acks_received { //~ topology::literal-quorum
            return true;
        }
        false
    }
}
