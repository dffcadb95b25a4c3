//! Says to the kernel which network devices are up and which addresses they have: three messages of rtnetlink(7).

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

use rustix::net::netdevice::name_to_index;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;
const IFF_UP: u32 = 0x1;
const IFLA_MTU: u16 = 4;
const IFLA_TXQLEN: u16 = 13;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const AF_INET: u8 = 2;

/// How much a device takes.
#[derive(Clone, Copy)]
pub(super) struct Lengths {
    /// The longest packet, in bytes.
    pub(super) packet_bytes_max: u32,
    /// How many packets may wait to be read.
    pub(super) queue_max: u32,
}

/// A line to the network part of the kernel, in the namespace in which it was opened.
pub(super) struct Netlink {
    socket: OwnedFd,
    sent: u32,
}

impl Netlink {
    pub(super) fn open() -> io::Result<Netlink> {
        let socket =
            // NETLINK_ROUTE is protocol 0, the one that is taken if none is named.
            socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        Ok(Netlink { socket, sent: 0 })
    }

    /// Switches a device on, after giving it these lengths if there are any.
    pub(super) fn set_up(&mut self, device: &str, lengths: Option<Lengths>) -> io::Result<()> {
        // struct ifinfomsg: family, padding, type, index, flags, which of them change.
        let mut body = vec![0; 4];
        body.extend_from_slice(&self.index(device)?.to_ne_bytes());
        body.extend_from_slice(&IFF_UP.to_ne_bytes());
        body.extend_from_slice(&IFF_UP.to_ne_bytes());
        if let Some(Lengths { packet_bytes_max, queue_max }) = lengths {
            attribute(&mut body, IFLA_MTU, packet_bytes_max.to_ne_bytes());
            attribute(&mut body, IFLA_TXQLEN, queue_max.to_ne_bytes());
        }
        self.ask(RTM_NEWLINK, 0, &body)
    }

    /// Gives a device an address, which brings with it the route to all that share its first `prefix` bits.
    pub(super) fn add_address(&mut self, device: &str, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
        // struct ifaddrmsg: family, length of the prefix, flags, scope, index.
        let mut body = vec![AF_INET, prefix, 0, 0];
        body.extend_from_slice(&self.index(device)?.to_ne_bytes());
        attribute(&mut body, IFA_LOCAL, address.octets());
        attribute(&mut body, IFA_ADDRESS, address.octets());
        self.ask(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body)
    }

    fn index(&self, device: &str) -> io::Result<u32> {
        Ok(name_to_index(&self.socket, device)?)
    }

    /// One request, and the answer to it.
    fn ask(&mut self, kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        const HEADER_BYTES: u32 = 16;
        self.sent += 1;
        let length = u32::try_from(body.len()).map_err(io::Error::other)? + HEADER_BYTES;
        let mut request = length.to_ne_bytes().to_vec();
        request.extend_from_slice(&kind.to_ne_bytes());
        request.extend_from_slice(&(NLM_F_REQUEST | NLM_F_ACK | flags).to_ne_bytes());
        request.extend_from_slice(&self.sent.to_ne_bytes());
        request.extend_from_slice(&0_u32.to_ne_bytes());
        request.extend_from_slice(body);
        sendto(&self.socket, &request, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        let mut answer = [0_u8; 4_096];
        let (_, length) = recv(&self.socket, &mut answer[..], RecvFlags::empty())?;
        let answer = answer.get(..length).unwrap_or_default();
        let kind = answer.get(4..6).and_then(|kind| kind.try_into().ok()).map(u16::from_ne_bytes);
        let error = answer.get(16..20).and_then(|error| error.try_into().ok()).map(i32::from_ne_bytes);
        match (kind, error) {
            (Some(NLMSG_ERROR), Some(0)) => Ok(()),
            (Some(NLMSG_ERROR), Some(error)) => Err(io::Error::from_raw_os_error(error.saturating_neg())),
            _ => Err(io::Error::other("the kernel answers something else")),
        }
    }
}

/// Appends an attribute of four bytes.
fn attribute(body: &mut Vec<u8>, kind: u16, value: [u8; 4]) {
    body.extend_from_slice(&8_u16.to_ne_bytes());
    body.extend_from_slice(&kind.to_ne_bytes());
    body.extend_from_slice(&value);
}
