//! A node in a process of its own: it goes to the hub, works on what it is given, and reports each step before the next.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead};
use std::path::Path;

use constellation_fabric::{Input, Now, Step, StepAct};
use constellation_trace::NodeId;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::clocks::Clocks;
use crate::frame::{FRAME_BYTES_MAX, FrameError, Frames, write_frame};
use crate::host::{Believes, Host, HostError, Outside, WallClaims};
use crate::protocol::{Fault, Given, Hello, Moment, Order, Report, Tag};
use crate::race::{First, Lead, fair};
use crate::state_file::{Kept, StateFile, Waits};
use crate::ticket::{Ticket, TicketError};
use crate::wire::RemoteNode;

/// What a process learns from the hub before it makes its node.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Welcome<'a> {
    /// Which node it is.
    pub node: NodeId,
    /// How many processes of this node there were before.
    pub incarnation: u32,
    /// What the hub tells every process, in bytes of the protocol's own.
    pub setup: &'a [u8],
}

/// Why a process ended other than by being told to.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProcessError {
    /// It was not told where to go.
    Ticket(TicketError),
    /// What it was told could not be read, the hub not be reached, or no runtime made.
    Io(io::Error),
    /// The stream of orders broke.
    Frame(FrameError),
    /// The hub ended, or did not take us for its own.
    HubGone,
    /// The hub said what is no order, or not in this place.
    Order,
    /// What the hub tells every process makes no node.
    Setup {
        /// Why not.
        reason: String,
    },
    /// A message or request of so many bytes is none.
    Payload {
        /// How many.
        bytes: usize,
    },
    /// The disk failed.
    Disk(io::Error),
    /// The node says that it received something where there was no message.
    Receive,
}

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProcessError::Ticket(error) => error.fmt(f),
            ProcessError::Io(error) => write!(f, "the hub cannot be reached: {error}"),
            ProcessError::Frame(error @ FrameError::TooLong { .. }) => {
                write!(f, "what goes to the hub or comes from it does not fit: {error}")
            }
            ProcessError::Frame(error) => write!(f, "the link to the hub broke: {error}"),
            ProcessError::HubGone => f.write_str("the hub is gone"),
            ProcessError::Order => f.write_str("the hub says what is no order here"),
            ProcessError::Setup { reason } => write!(f, "what the hub says makes no node: {reason}"),
            ProcessError::Payload { bytes } => write!(f, "{bytes} bytes are no message and no request"),
            ProcessError::Disk(error) => write!(f, "the disk fails: {error}"),
            ProcessError::Receive => HostError::<TicketError>::Receive.fmt(f),
        }
    }
}

impl std::error::Error for ProcessError {}

impl ProcessError {
    const fn fault(&self) -> Fault {
        match self {
            ProcessError::Disk(_) => Fault::Disk,
            ProcessError::Frame(FrameError::TooLong { .. }) => Fault::Length,
            _ => Fault::Node,
        }
    }
}

impl From<io::Error> for ProcessError {
    fn from(error: io::Error) -> ProcessError {
        ProcessError::Io(error)
    }
}

impl From<FrameError> for ProcessError {
    fn from(error: FrameError) -> ProcessError {
        ProcessError::Frame(error)
    }
}

impl From<HostError<ProcessError>> for ProcessError {
    fn from(error: HostError<ProcessError>) -> ProcessError {
        match error {
            HostError::Outside(error) => error,
            HostError::Receive => ProcessError::Receive,
        }
    }
}

/// Reads the ticket of this process from `input`, which is its standard input if [`Program`](crate::Program) launched it,
/// and [serves](serve) until the hub has it end.
///
/// # Errors
/// [`ProcessError`].
pub fn run<N: RemoteNode>(
    input: impl BufRead,
    make: impl FnOnce(Welcome<'_>) -> Result<N, String>,
) -> Result<(), ProcessError> {
    /// A ticket is shorter, and whoever says more is no hub.
    const TICKET_BYTES_MAX: u64 = 256;
    let mut line = String::new();
    input.take(TICKET_BYTES_MAX).read_line(&mut line)?;
    let ticket = line.parse().map_err(ProcessError::Ticket)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(serve(&ticket, make))
}

/// Goes to the hub and works on what it gives to the node that `make` makes, until the hub has it end.
///
/// An input is one unit: its steps are reported one by one, what is to be on disk is written once the hub has heard of the
/// write, and the hub records and sends nothing of it before all is done. So nothing leaves that hangs on a write that is
/// not there yet, and of a process that ends in between the hub, which knows every write by its name, finds on the disk how
/// far it came.
///
/// # Errors
/// [`ProcessError`]. The hub is told why, if it is there.
pub async fn serve<N: RemoteNode>(
    ticket: &Ticket,
    make: impl FnOnce(Welcome<'_>) -> Result<N, String>,
) -> Result<(), ProcessError> {
    // constellation: allow(connect-no-timeout, reason = "the hub listens on the loopback address, which answers at once")
    let stream = TcpStream::connect(ticket.address).await?;
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let hello = Hello { token: ticket.token, node: ticket.node, incarnation: ticket.incarnation };
    write_frame(&mut writer, &hello.encode()).await?;
    let mut line = Line { orders: Frames::new(reader, FRAME_BYTES_MAX), writer, waiting: VecDeque::new() };
    let Order::Welcome { rate, wall, folder, setup } = line.order().await? else {
        return Err(ProcessError::Order);
    };
    let welcome = Welcome { node: ticket.node, incarnation: ticket.incarnation, setup: &setup };
    let disk = StateFile::new(Path::new(&folder), ticket.node.number(), ticket.incarnation);
    let served = match make(welcome) {
        Err(reason) => Err(ProcessError::Setup { reason }),
        Ok(node) => {
            let host = Host::new(node, Clocks::new(rate, wall), WallClaims::Told);
            let outside =
                ToHub::<N> { line: &mut line, disk, input: None, kept: None, armed: None, encode: N::encode };
            let incarnation = ticket.incarnation;
            let mut serving = Serving { host, outside, incarnation, timers_done: 0, lead: Lead::One };
            serving.serve().await
        }
    };
    if let Err(error) = &served {
        // It may be the hub that is gone.
        let _ = line.report(&Report::Failed { reason: error.to_string(), fault: error.fault() }).await;
    }
    served
}

/// The line to the hub.
struct Line {
    orders: Frames<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    /// What came while another order was waited for.
    waiting: VecDeque<Order>,
}

impl Line {
    /// The next order. Safe to cancel.
    async fn order(&mut self) -> Result<Order, ProcessError> {
        match self.waiting.pop_front() {
            Some(order) => Ok(order),
            None => self.fresh_order().await,
        }
    }

    async fn fresh_order(&mut self) -> Result<Order, ProcessError> {
        let frame = self.orders.next().await?.ok_or(ProcessError::HubGone)?;
        Order::decode(&frame).ok_or(ProcessError::Order)
    }

    /// Waits until the hub has heard of a write; other orders wait meanwhile.
    async fn written(&mut self) -> Result<(), ProcessError> {
        loop {
            match self.fresh_order().await? {
                Order::Written => return Ok(()),
                order => self.waiting.push_back(order),
            }
        }
    }

    async fn report(&mut self, report: &Report) -> Result<(), ProcessError> {
        Ok(write_frame(&mut self.writer, &report.encode()).await?)
    }
}

/// A node at work.
struct Serving<'l, N: RemoteNode> {
    host: Host<N>,
    outside: ToHub<'l, N>,
    incarnation: u32,
    timers_done: u64,
    lead: Lead,
}

impl<N: RemoteNode> Serving<'_, N> {
    /// Until it is told to end, or to crash, which nobody hears of.
    async fn serve(&mut self) -> Result<(), ProcessError> {
        loop {
            // In turn: neither a flood of messages nor one of timers may keep the other from being worked on.
            let next = fair(self.lead, self.host.timer(), self.outside.line.order()).await;
            self.lead = next.next_lead();
            let (number, input) = match next {
                First::One(timer) => {
                    self.timers_done += 1;
                    (None, Input::Timer(timer))
                }
                First::Other(order) => match order? {
                    Order::Give { input, given } => (Some(input), self.input(given)?),
                    Order::StepWall { by_ns } => {
                        self.host.clocks_mut().step_wall(by_ns);
                        continue;
                    }
                    Order::Arm(moment) => {
                        self.outside.armed = Some(moment);
                        continue;
                    }
                    Order::Disarm => {
                        self.outside.armed = None;
                        self.outside.line.report(&Report::Disarmed).await?;
                        continue;
                    }
                    Order::Stop => return Ok(()),
                    Order::Welcome { .. } | Order::Written => return Err(ProcessError::Order),
                },
            };
            if self.outside.armed == Some(Moment::BeforeWork) {
                return Ok(());
            }
            self.outside.input = number;
            self.host.give(input, &mut self.outside).await?;
            if self.outside.armed == Some(Moment::AfterWork) {
                return self.outside.line.report(&Report::Worked { input: number }).await;
            }
            let timers_set = u32::try_from(self.host.timers()).unwrap_or(u32::MAX);
            let done = Report::Done { input: number, timers_set, timers_done: self.timers_done };
            self.outside.line.report(&done).await?;
        }
    }

    fn input(&mut self, given: Given) -> Result<Input<N::Message, N::Request>, ProcessError> {
        let unreadable = |payload: &[u8]| ProcessError::Payload { bytes: payload.len() };
        Ok(match given {
            Given::Start => {
                self.host.clocks_mut().begin();
                Input::Start
            }
            Given::Restart => {
                self.host.clocks_mut().begin();
                let kept = self.outside.disk.read().map_err(ProcessError::Disk)?;
                let state = kept.as_ref().map(|kept| kept.state.clone());
                self.outside.kept = kept;
                Input::Restart { state, incarnation: self.incarnation }
            }
            Given::Message { from, payload } => {
                let message = N::decode(&payload).ok_or_else(|| unreadable(&payload))?;
                Input::Message { from, message }
            }
            Given::Request(payload) => {
                Input::Request(N::decode_request(&payload).ok_or_else(|| unreadable(&payload))?)
            }
            Given::Leave => Input::Leave,
        })
    }
}

/// The world as a node in a process meets it.
struct ToHub<'l, N: RemoteNode> {
    line: &'l mut Line,
    disk: StateFile,
    /// As part of which input steps are reported.
    input: Option<u64>,
    /// What the disk held when the process began.
    kept: Option<Kept>,
    /// Whether the process is to end at its next input.
    armed: Option<Moment>,
    encode: fn(&N::Message) -> Vec<u8>,
}

impl<N: RemoteNode> Outside<N::Message> for ToHub<'_, N> {
    type Error = ProcessError;

    async fn restarted(&mut self, believes: Believes, now: Now) -> Result<(), ProcessError> {
        let kept = self.kept.take();
        let believed = match believes {
            Believes::All => kept.map(|kept| kept.tag),
            Believes::AllButTheLastWrite => kept.and_then(|kept| kept.before),
            Believes::Nothing => None,
        };
        self.line.report(&Report::Restarted { believed, wall: now.wall }).await
    }

    async fn carry_out(&mut self, step: Step<N::Message>) -> Result<(), ProcessError> {
        let Step { act, label, claims, mut sends } = step;
        if self.armed == Some(Moment::AfterWork) {
            sends.clear();
        }
        let sends = sends.into_iter().map(|(to, message)| (to, (self.encode)(&message))).collect();
        let (act, writes) = match act {
            StepAct::Persist(state) => (StepAct::Persist(Vec::new()), Some((state, Waits::Yes))),
            StepAct::Store(state) => (StepAct::Store(Vec::new()), Some((state, Waits::No))),
            act => (act, None),
        };
        let syncs = act == StepAct::Sync;
        let write: Option<Tag> = writes.as_ref().map(|_| self.disk.next());
        let step = Step { act, label, claims, sends };
        self.line.report(&Report::Step { input: self.input, write, step }).await?;
        if let (Some((state, waits)), Some(tag)) = (writes, write) {
            self.line.written().await?;
            self.disk.write(tag, state, waits).map_err(ProcessError::Disk)?;
        }
        if syncs {
            self.disk.sync().map_err(ProcessError::Disk)?;
        }
        Ok(())
    }
}
