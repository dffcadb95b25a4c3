//! Majorities of however many there are.

struct Election {
    votes: Vec<String>,
    members: Vec<String>,
}

impl Election {
    fn is_won(&self) -> bool {
        self.votes.len() > self.members.len() / 2
    }

    fn is_begun(&self) -> bool {
        self.votes.len() > 0 && self.votes.len() != 1
    }

    fn is_long(&self, bytes: usize, attempts: u32) -> bool {
        bytes > 1024 || attempts >= 3
    }
}
