//! The gossip as madsim runs it: a machine and a task for each node, and an endpoint.

use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use madsim::Config;
use madsim::net::Endpoint;
use madsim::runtime::Runtime;

use crate::gossip::{fold, next, share};

const NODES: u32 = 4;
const TAG: u64 = 0;

/// What the nodes share with whoever waits for the end.
struct Count {
    delivered: AtomicU64,
    wanted: u64,
    waker: Mutex<Option<Waker>>,
}

/// Runs until at least so many messages have arrived; how many did.
pub(crate) fn gossip(seed: u64, in_flight: u32, deliveries: u64) -> u64 {
    let mut config = Config::default();
    config.net.packet_loss_rate = 0.0;
    config.net.send_latency = Duration::from_millis(1)..Duration::from_millis(10);
    let runtime = Runtime::with_seed_and_config(seed, config);
    let count = Arc::new(Count { delivered: AtomicU64::new(0), wanted: deliveries, waker: Mutex::new(None) });
    for me in 0..NODES {
        let machine = runtime.create_node().ip(address(me).ip()).build();
        machine.spawn(node(me, in_flight, Arc::clone(&count)));
    }
    runtime.block_on(poll_fn(|context| {
        if count.is_reached() {
            return Poll::Ready(());
        }
        *count.waker.lock().expect("nobody panics with it") = Some(context.waker().clone());
        Poll::Pending
    }));
    count.delivered.load(Relaxed)
}

impl Count {
    fn is_reached(&self) -> bool {
        self.delivered.load(Relaxed) >= self.wanted
    }

    fn add(&self) {
        self.delivered.fetch_add(1, Relaxed);
        if self.is_reached()
            && let Some(waker) = self.waker.lock().expect("nobody panics with it").take()
        {
            waker.wake();
        }
    }
}

async fn node(me: u32, in_flight: u32, count: Arc<Count>) {
    let endpoint = Endpoint::bind(address(me)).await.expect("each node has an address of its own");
    let target = |sum| address(next(me, NODES, sum));
    // All are to have an endpoint before anything arrives; binding takes microseconds.
    for nth in 0..u64::from(share(me, NODES, in_flight)) {
        endpoint.send_to(target(nth << 32), TAG, &nth.to_le_bytes()).await.expect("the network is whole");
    }
    let mut sum = 0;
    loop {
        let mut message = [0; 8];
        endpoint.recv_from(TAG, &mut message).await.expect("the network is whole");
        count.add();
        sum = fold(sum, u64::from_le_bytes(message));
        endpoint.send_to(target(sum), TAG, &sum.to_le_bytes()).await.expect("the network is whole");
    }
}

fn address(node: u32) -> SocketAddr {
    let last = u8::try_from(node + 1).expect("there are four");
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), 9)
}
