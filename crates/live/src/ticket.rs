//! How a process is told where to go and shows that it is ours.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;

use constellation_trace::NodeId;

/// A number that nobody guesses: who knows it was told by the hub. Never shown.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct Token(pub(crate) [u8; 16]);

impl Token {
    pub(crate) fn random() -> io::Result<Token> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Token(bytes))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// All that a process is told when it is launched: the hub's address, which node it is, and the token that lets it in.
///
/// The hub is on the loopback, and nowhere else is gone to. It is one line of text, for a pipe. Not for a command line, which everybody on the machine can read.
///
/// ```
/// use constellation_live::Ticket;
///
/// let line = "127.0.0.1:49152 3 1 000102030405060708090a0b0c0d0e0f";
/// let ticket: Ticket = line.parse()?;
/// assert_eq!((ticket.to_string(), ticket.node().number(), ticket.incarnation()), (line.to_owned(), 3, 1));
/// assert!("127.0.0.1:49152 3".parse::<Ticket>().is_err());
/// assert!("192.0.2.7:49152 3 1 000102030405060708090a0b0c0d0e0f".parse::<Ticket>().is_err());
/// # Ok::<(), constellation_live::TicketError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ticket {
    pub(crate) address: SocketAddr,
    pub(crate) node: NodeId,
    pub(crate) incarnation: u32,
    pub(crate) token: Token,
}

impl Ticket {
    /// Which node the process is.
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// How many processes of this node there were before.
    pub const fn incarnation(&self) -> u32 {
        self.incarnation
    }
}

/// That a line is no ticket. It is not shown: it may be a secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TicketError;

impl fmt::Display for TicketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what was read is not the line that the hub writes to a process: an address, a node, a life and a token")
    }
}

impl std::error::Error for TicketError {}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ticket { address, node, incarnation, token } = self;
        write!(f, "{address} {} {incarnation} ", node.number())?;
        token.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Ticket {
    type Err = TicketError;

    fn from_str(line: &str) -> Result<Ticket, TicketError> {
        let mut words = line.split_whitespace();
        let mut word = || words.next().ok_or(TicketError);
        let address: SocketAddr = word()?.parse().map_err(|_| TicketError)?;
        if !address.ip().is_loopback() {
            return Err(TicketError);
        }
        let node = word()?.parse().map(NodeId::new).map_err(|_| TicketError)?;
        let incarnation = word()?.parse().map_err(|_| TicketError)?;
        let digits = word()?;
        let mut token = [0; 16];
        if digits.len() != 2 * token.len() || !digits.is_ascii() || words.next().is_some() {
            return Err(TicketError);
        }
        for (place, byte) in token.iter_mut().enumerate() {
            let pair = digits.get(2 * place..2 * place + 2).ok_or(TicketError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| TicketError)?;
        }
        Ok(Ticket { address, node, incarnation, token: Token(token) })
    }
}
