//! A node on the asynchronous message bus: the same code that was simulated, between tasks of one program.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use constellation_clock::{Error, Letter, MessageBus, Port};
use constellation_fabric::{Input, Now, Step};
use constellation_trace::MessageId;
use tokio::sync::mpsc;

use crate::clocks::Clocks;
use crate::host::{Believes, Host, HostError, Outside, Taken, WallClaims};
use crate::race::{First, Lead, fair};
use crate::wire::WireNode;

/// A node with a place on the bus, which works as long as somebody polls [`BusNode::run`].
///
/// What it persists is kept nowhere: who takes its place later starts with nothing. If the bus
/// [records](MessageBus::recording), each step is an event of its trace, with label, claims and all; what judges a
/// simulated run can judge that trace.
///
/// What wall clocks show is not recorded unless the node claims it. Timers are tokio's, so that a test may pause its time.
///
/// ```
/// use std::sync::Arc;
/// use constellation_clock::MessageBus;
/// use constellation_fabric::{Effects, Input, Node, Now};
/// use constellation_live::{Clocks, WireNode, bus};
/// use constellation_trace::NodeId;
///
/// /// Sends a number to the other, who sends it back one smaller, until it is 0.
/// struct Countdown(NodeId);
///
/// impl Node for Countdown {
///     type Message = u8;
///     type Request = u8;
///
///     fn on(&mut self, _now: Now, input: Input<u8, u8>, effects: &mut Effects<u8>) {
///         let (Input::Message { message: number, .. } | Input::Request(number)) = input else { return };
///         if let Some(smaller) = number.checked_sub(1) {
///             effects.send(self.0, smaller);
///         }
///     }
/// }
///
/// impl WireNode for Countdown {
///     fn encode(message: &u8) -> Vec<u8> {
///         vec![*message]
///     }
///
///     fn decode(bytes: &[u8]) -> Option<u8> {
///         if let [number] = bytes { Some(*number) } else { None }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = Arc::new(MessageBus::recording(vec!["pacific".into(), "atlantic".into()]));
/// let [zero, one] = [0, 1].map(NodeId::new);
/// let (pacific, ask) = bus::attach(&bus, "pacific", Countdown(one), Clocks::machine())?;
/// let (atlantic, _) = bus::attach(&bus, "atlantic", Countdown(zero), Clocks::machine())?;
/// let watch = async {
///     ask.request(3)?;
///     while bus.trace()?.events().len() < 4 {
///         tokio::task::yield_now().await;
///     }
///     bus.close();
///     Ok::<(), Box<dyn std::error::Error>>(())
/// };
/// let (pacific, atlantic, watched) = tokio::join!(pacific.run(), atlantic.run(), watch);
/// (pacific?, atlantic?, watched?);
/// assert_eq!(bus.trace()?.messages().len(), 3);
/// # Ok(()) }
/// ```
pub struct BusNode<N: WireNode> {
    host: Host<N>,
    port: Port,
    asked: mpsc::UnboundedReceiver<Asked<N::Request>>,
    /// Who wins a tie: first of timers and requests together and messages, then of timers and requests.
    leads: [Lead; 2],
}

/// How to ask a [`BusNode`] something while it runs. It may be cloned; when all are gone the node goes on without.
#[derive(Debug)]
pub struct BusHandle<R> {
    asked: mpsc::UnboundedSender<Asked<R>>,
}

#[derive(Debug)]
enum Asked<R> {
    Request(R),
    Leave,
    Stop,
}

/// What a node on the bus does next.
enum Next<N: WireNode> {
    Letter(Letter),
    Input(Input<N::Message, N::Request>),
    End,
}

/// Why a node on the bus ended before its time.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BusError {
    /// The bus did not take what it sent.
    Bus(Error),
    /// The node says that it received something where there was no message: a mistake of the node.
    Receive,
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BusError::Bus(error) => error.fmt(f),
            BusError::Receive => HostError::<Infallible>::Receive.fmt(f),
        }
    }
}

impl std::error::Error for BusError {}

impl From<HostError<Error>> for BusError {
    fn from(error: HostError<Error>) -> BusError {
        match error {
            HostError::Outside(error) => BusError::Bus(error),
            HostError::Receive => BusError::Receive,
        }
    }
}

/// That a node runs no more, so that nobody hears the request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the node runs no more")
    }
}

impl std::error::Error for Gone {}

impl<R> Clone for BusHandle<R> {
    fn clone(&self) -> BusHandle<R> {
        BusHandle { asked: self.asked.clone() }
    }
}

impl<R> BusHandle<R> {
    /// Asks the node something; it is worked on after what was asked before.
    ///
    /// # Errors
    /// [`Gone`].
    pub fn request(&self, request: R) -> Result<(), Gone> {
        self.asked.send(Asked::Request(request)).map_err(|_| Gone)
    }

    /// Has the node leave: it is given [`Input::Leave`], and ends.
    ///
    /// # Errors
    /// [`Gone`].
    pub fn leave(&self) -> Result<(), Gone> {
        self.asked.send(Asked::Leave).map_err(|_| Gone)
    }

    /// Has the node end after what was asked before, as a process that is told to terminate.
    ///
    /// # Errors
    /// [`Gone`].
    pub fn stop(&self) -> Result<(), Gone> {
        self.asked.send(Asked::Stop).map_err(|_| Gone)
    }
}

/// Gives `node` the place called `name` on the bus. It starts when it is [run](BusNode::run); what arrives before that
/// waits.
///
/// In the messages of the node, the nodes of the bus have the numbers of their order in [`MessageBus::nodes`].
///
/// # Errors
/// [`Error::UnknownNode`], [`Error::AmbiguousName`], [`Error::NameInUse`].
pub fn attach<N: WireNode>(
    bus: &Arc<MessageBus>,
    name: &str,
    node: N,
    clocks: Clocks,
) -> Result<(BusNode<N>, BusHandle<N::Request>), Error> {
    let port = bus.port(name)?;
    let (asked, receiver) = mpsc::unbounded_channel();
    Ok((
        BusNode {
            host: Host::new(node, clocks, WallClaims::Untold),
            port,
            asked: receiver,
            leads: [Lead::One; 2],
        },
        BusHandle { asked },
    ))
}

impl<N: WireNode> BusNode<N> {
    /// Starts the node and works until the bus is closed and nothing is left for it, or its handle has it leave or stop;
    /// returns the node as it is then.
    ///
    /// A node that takes the place of another on the bus is restarted with nothing. After the bus was closed what it
    /// sends goes nowhere and is not in the record.
    ///
    /// # Errors
    /// [`BusError`]; the node ended at that step.
    pub async fn run(mut self) -> Result<N, BusError> {
        let begin = match self.port.incarnation() {
            0 => Input::Start,
            incarnation => Input::Restart { state: None, incarnation },
        };
        self.give(begin, None).await?;
        loop {
            match self.next().await {
                Next::Letter(letter) => self.receive(letter).await?,
                Next::Input(input) => {
                    let is_last = matches!(input, Input::Leave);
                    self.give(input, None).await?;
                    if is_last {
                        break;
                    }
                }
                Next::End => break,
            }
        }
        Ok(self.host.into_node())
    }

    /// In turn: neither a flood of messages nor one of timers may keep the others from being worked on.
    async fn next(&mut self) -> Next<N> {
        let asked = async {
            match self.asked.recv().await {
                Some(asked) => asked,
                None => std::future::pending().await,
            }
        };
        let [lead, inner_lead] = self.leads;
        let next = fair(lead, fair(inner_lead, self.host.timer(), asked), self.port.recv()).await;
        self.leads[0] = next.next_lead();
        if let First::One(inner) = &next {
            self.leads[1] = inner.next_lead();
        }
        match next {
            First::One(First::One(timer)) => Next::Input(Input::Timer(timer)),
            First::One(First::Other(Asked::Request(request))) => Next::Input(Input::Request(request)),
            First::One(First::Other(Asked::Leave)) => Next::Input(Input::Leave),
            First::One(First::Other(Asked::Stop)) | First::Other(None) => Next::End,
            First::Other(Some(letter)) => Next::Letter(letter),
        }
    }

    async fn receive(&mut self, letter: Letter) -> Result<(), BusError> {
        let Letter { id, from, payload, .. } = letter;
        let Some(message) = N::decode(&payload) else {
            self.port.refuse(id, &format_args!("its {} bytes are no message", payload.len()));
            return Ok(());
        };
        if self.give(Input::Message { from, message }, Some(id)).await? == Taken::Refused {
            self.port.lose(id);
        }
        Ok(())
    }

    async fn give(
        &mut self,
        input: Input<N::Message, N::Request>,
        received: Option<MessageId>,
    ) -> Result<Taken, BusError> {
        let mut outside = OnBus::<N> { port: &self.port, received, encode: N::encode };
        Ok(self.host.give(input, &mut outside).await?)
    }
}

/// The bus, as a node's steps meet it.
struct OnBus<'p, N: WireNode> {
    port: &'p Port,
    received: Option<MessageId>,
    encode: fn(&N::Message) -> Vec<u8>,
}

impl<N: WireNode> Outside<N::Message> for OnBus<'_, N> {
    type Error = Error;

    async fn restarted(&mut self, _believes: Believes, _now: Now) -> Result<(), Error> {
        // The bus has recorded that it remembers nothing, when the place was taken.
        Ok(())
    }

    async fn carry_out(&mut self, step: Step<N::Message>) -> Result<(), Error> {
        let Step { act, label, claims, sends } = step;
        let sends = sends.into_iter().map(|(to, message)| (to, (self.encode)(&message))).collect();
        let mut step = Step { act, label, claims, sends };
        match self.port.carry_out(&step, self.received) {
            Err(Error::BusClosed) => {
                step.sends.clear();
                self.port.carry_out(&step, self.received)
            }
            carried => carried,
        }
    }
}

impl<N: WireNode> fmt::Debug for BusNode<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusNode").field("port", &self.port).finish_non_exhaustive()
    }
}
