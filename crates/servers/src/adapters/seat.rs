//! Where a built-in adapter sits, whom it may ask, and what its mode asks of it: the arguments that a server hands it.

use std::net::SocketAddr;

/// At which site a client is, and where it finds the servers from there. A client asks the server of its own site, and goes
/// to another only where a real client of that server would: to the primary of a replicated store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seat {
    /// Which site, from 0.
    pub site: usize,
    /// The servers of all sites, as they are reached from this one.
    pub servers: Vec<SocketAddr>,
    /// Whoever watches the servers and says which is the primary, at each site; empty where nobody does.
    pub watchers: Vec<SocketAddr>,
    /// Who answers reads.
    pub reads: Reads,
    /// How many replicas a write waits for, where it is the client that asks for that.
    pub confirm: u32,
    /// What is to be done.
    pub task: Task,
}

/// Who answers reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reads {
    /// Whoever orders the writes: the leader or primary, or all of them together.
    Leader,
    /// The server of the client's own site, from what it holds.
    Local,
}

/// What an adapter is begun for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Task {
    /// To wait until its server takes part, and then to serve.
    Serve,
    /// Only to wait until its server takes part, as a step of starting.
    Wait,
}

impl Seat {
    /// At this site, with nobody who watches, and reads of the leader.
    pub fn new(site: usize, servers: Vec<SocketAddr>) -> Seat {
        Seat { site, servers, watchers: Vec::new(), reads: Reads::Leader, confirm: 0, task: Task::Serve }
    }

    /// The server of the own site.
    pub fn own(&self) -> SocketAddr {
        self.servers[self.site]
    }

    /// As arguments, which [`Seat::parse`] reads.
    pub fn arguments(&self) -> Vec<String> {
        let list = |all: &[SocketAddr]| all.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(",");
        let mut arguments = vec![format!("site={}", self.site), format!("servers={}", list(&self.servers))];
        if !self.watchers.is_empty() {
            arguments.push(format!("watchers={}", list(&self.watchers)));
        }
        if self.reads == Reads::Local {
            arguments.push("reads=local".to_owned());
        }
        if self.confirm > 0 {
            arguments.push(format!("confirm={}", self.confirm));
        }
        if self.task == Task::Wait {
            arguments.push("task=wait".to_owned());
        }
        arguments
    }

    /// Of arguments.
    ///
    /// # Errors
    /// One is unknown or has no such value, or there is no server at the site.
    pub fn parse(arguments: &[String]) -> Result<Seat, String> {
        let mut seat = Seat::new(0, Vec::new());
        for argument in arguments {
            let wrong = || format!("an adapter takes no argument `{argument}`");
            let (name, value) = argument.split_once('=').ok_or_else(wrong)?;
            let list =
                || value.split(',').map(str::parse).collect::<Result<Vec<_>, _>>().map_err(|_| wrong());
            match (name, value) {
                ("site", _) => seat.site = value.parse().map_err(|_| wrong())?,
                ("servers", _) => seat.servers = list()?,
                ("watchers", _) => seat.watchers = list()?,
                ("reads", "local") => seat.reads = Reads::Local,
                ("confirm", _) => seat.confirm = value.parse().map_err(|_| wrong())?,
                ("task", "wait") => seat.task = Task::Wait,
                _ => return Err(wrong()),
            }
        }
        let is_there = seat.site < seat.servers.len();
        let is_watched = seat.watchers.is_empty() || seat.watchers.len() == seat.servers.len();
        if is_there && is_watched {
            Ok(seat)
        } else {
            Err("an adapter needs the server of each site".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Reads, Seat, Task};

    #[test]
    fn a_seat_is_read_as_it_was_written() {
        let at = |port: u16| ([127, 0, 0, 1], port).into();
        let plain = Seat::new(1, vec![at(1), at(2)]);
        let watched = Seat {
            watchers: vec![at(3), at(4)],
            reads: Reads::Local,
            confirm: 2,
            task: Task::Wait,
            ..plain.clone()
        };
        for seat in [plain, watched] {
            assert_eq!(Seat::parse(&seat.arguments()), Ok(seat));
        }
        let parse = |text: &str| Seat::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(parse("sites=1"), Err("an adapter takes no argument `sites=1`".to_owned()));
        assert_eq!(
            parse("site=1 servers=127.0.0.1:1"),
            Err("an adapter needs the server of each site".to_owned())
        );
    }
}
