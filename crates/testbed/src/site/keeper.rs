//! The keeper makes the ground of a site, starts its init there, and cleans up when the testbed is gone.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tappers::{Interface, Tun};

use super::netlink::{Lengths, Netlink};
use super::{ARGUMENT, FOLDER, REFUSED, SELF, STANDS, STANDS_WITH_DEVICE, control, tree};
use crate::protocol::write_frame;

/// On what a site stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ground {
    /// Namespaces of its own, and a network device of which the testbed holds the other end.
    Namespaces,
    /// The machine itself.
    Machine,
    /// Like [`Ground::Namespaces`], but refused, for tests.
    Refused,
}

/// What a keeper is started with.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) ground: Ground,
    /// The number of the site, from 0.
    pub(crate) site: u8,
    /// The folder of the whole run.
    pub(crate) folder: PathBuf,
}

impl Setup {
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let ground = match self.ground {
            Ground::Namespaces => "namespaces",
            Ground::Machine => "machine",
            Ground::Refused => "refused",
        };
        let site = self.site.to_string();
        vec![ARGUMENT.into(), "keeper".into(), ground.into(), site.into(), self.folder.clone().into()]
    }

    fn read(arguments: &[OsString]) -> Option<Setup> {
        let [ground, site, folder] = arguments else { return None };
        let ground = match ground.to_str()? {
            "namespaces" => Ground::Namespaces,
            "machine" => Ground::Machine,
            "refused" => Ground::Refused,
            _ => return None,
        };
        let folder = PathBuf::from(folder);
        // It is removed in the end, so it is to be one that a testbed made, whoever calls us.
        let is_of_a_run = folder.file_name()?.to_str()?.starts_with(FOLDER);
        is_of_a_run.then_some(Setup { ground, site: site.to_str()?.parse().ok()?, folder })
    }
}

/// The network device, as it is called at each site.
const DEVICE: &str = "testbed";

/// The longest packet is that of Ethernet. The queue is long, since what has no room there is lost and nobody knows.
const LENGTHS: Lengths = Lengths { packet_bytes_max: 1_500, queue_max: 16_384 };

pub(super) fn main(arguments: &[OsString]) -> io::Result<()> {
    let setup = Setup::read(arguments).ok_or_else(|| io::Error::other("a keeper is told other things"))?;
    let control = control()?;
    let kept = stand(&setup, &control).and_then(|stands| match stands {
        Stands::Yes => keep(&setup, &control),
        Stands::No => Ok(()),
    });
    // The testbed hears that the site is gone. Whoever kept it still waits, to clean up in the end: of several keepers one
    // that lives is enough.
    let _ = control.shutdown(Shutdown::Write);
    let mut fds = [PollFd::new(&control, PollFlags::empty())];
    while poll(&mut fds, None) == Err(rustix::io::Errno::INTR) {}
    if setup.ground == Ground::Machine {
        tree::kill_marked(&setup.folder);
    }
    tree::clear(&setup.folder);
    kept
}

/// Whether the machine allows a site.
enum Stands {
    Yes,
    No,
}

/// Makes the ground, and says so.
fn stand(setup: &Setup, mut control: &UnixStream) -> io::Result<Stands> {
    let made = match setup.ground {
        Ground::Namespaces => isolate().and_then(|()| device(setup.site)).map(Some),
        Ground::Machine => Ok(None),
        Ground::Refused => Err("a test wants it so".to_owned()),
    };
    match made {
        Ok(Some(device)) => send_device(control, &device)?,
        Ok(None) => control.write_all(&[STANDS])?,
        Err(reason) => {
            control.write_all(&[REFUSED])?;
            write_frame(control, reason.as_bytes())?;
            return Ok(Stands::No);
        }
    }
    if setup.ground == Ground::Machine {
        // What loses its parent becomes the child of init, and if that is gone, of the keeper.
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    }
    Ok(Stands::Yes)
}

/// Starts the init, and waits for its end or that of the testbed; then nothing runs at the site any more.
fn keep(setup: &Setup, control: &UnixStream) -> io::Result<()> {
    let (mut ours, theirs) = UnixStream::pair()?;
    let ground = if setup.ground == Ground::Machine { "machine" } else { "namespaces" };
    let mut init = Command::new(SELF)
        .args([OsStr::new(ARGUMENT), OsStr::new("init"), OsStr::new(ground)])
        .stdin(Stdio::from(control.as_fd().try_clone_to_owned()?))
        .stdout(Stdio::from(OwnedFd::from(theirs)))
        .spawn()?;
    let pid = i32::try_from(init.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::other("a process has no number"))?;
    let watched = pidfd_open(pid, PidfdFlags::empty())?;
    // It has said that it would die with us, and we are there: from here on neither is left behind.
    let mut armed = [0];
    let is_armed = ours.read_exact(&mut armed).is_ok() && ours.write_all(&armed).is_ok();
    if is_armed {
        let mut fds = [PollFd::new(control, PollFlags::empty()), PollFd::new(&watched, PollFlags::IN)];
        while poll(&mut fds, None) == Err(rustix::io::Errno::INTR) {}
    }
    // Ends after everything at the site has, if it is process 1 there.
    let _ = pidfd_send_signal(&watched, Signal::KILL);
    init.wait()?;
    if setup.ground == Ground::Machine {
        tree::kill_descendants();
    }
    Ok(())
}

/// Leaves the namespaces of the machine; what cannot be had is told in words.
fn isolate() -> Result<(), String> {
    let flags = CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWNS;
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let as_root = if user == 0 { unshare(flags) } else { Err(Errno::EPERM) };
    if as_root.is_err() {
        unshare(flags | CloneFlags::CLONE_NEWUSER).map_err(|error| match error {
            Errno::ENOSPC => "there are as many as are allowed, as `sysctl user` shows".to_owned(),
            error => format!("unshare: {}", error.desc()),
        })?;
        map_user(0, user, group).map_err(|error| format!("the user namespace has no user: {error}"))?;
    }
    // What is mounted at the site must not be seen outside.
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).map_err(|error| format!("mounts cannot be made private: {error}"))
}

/// In a new user namespace, says who `user` outside is inside.
pub(super) fn map_user(inside: u32, user: u32, group: u32) -> io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{inside} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{inside} {group} 1"))
}

/// Makes the network device with its address, and the loopback of the site.
fn device(site: u8) -> Result<Tun, String> {
    let name = Interface::new(DEVICE).map_err(|error| error.to_string())?;
    let mut device = Tun::new_named(name).map_err(|error| format!("/dev/net/tun: {error}"))?;
    device.set_nonblocking(true).map_err(|error| format!("/dev/net/tun: {error}"))?;
    // The noise of an IPv6 that nobody uses; where there is none to be switched off, all the better.
    let _ = fs::write(Path::new("/proc/sys/net/ipv6/conf").join(DEVICE).join("disable_ipv6"), "1");
    Netlink::open()
        .and_then(|mut netlink| {
            netlink.set_up("lo", None)?;
            netlink.add_address(DEVICE, crate::address::of_site(site), crate::address::PREFIX)?;
            netlink.set_up(DEVICE, Some(LENGTHS))
        })
        .map_err(|error| format!("the network device cannot be configured: {error}"))?;
    Ok(device)
}

/// Gives the device to the testbed, which carries the packets.
fn send_device(control: &UnixStream, device: &Tun) -> io::Result<()> {
    let fds = [device.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&fds));
    sendmsg(control, &[IoSlice::new(&[STANDS_WITH_DEVICE])], &mut ancillary, SendFlags::empty())?;
    Ok(())
}
