//! Why a testbed could not be had, or could not do what it was asked.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::testbed::SITES_MAX;

/// Why a testbed could not be had, or could not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum TestbedError {
    /// So many sites there cannot be.
    Sites {
        /// How many were asked for.
        asked: usize,
    },
    /// The folder of the run, or something in it, could not be made or removed.
    Folder {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// This machine refuses what the mode needs.
    Refused {
        /// Why there are no namespaces, or `None` if they were not asked for.
        namespaces: Option<String>,
        /// Why there are no proxies on the loopback, or `None` if they were not asked for.
        proxies: Option<String>,
    },
    /// The process that keeps a site is gone, and with it all that ran there.
    SiteGone {
        /// Which site, from 0.
        site: usize,
    },
    /// A program could not be started.
    NotStarted {
        /// Which site, from 0.
        site: usize,
        /// Which program.
        program: String,
        /// Why not.
        reason: String,
    },
    /// A process ended already, or its input is closed.
    Ended {
        /// Which program.
        program: String,
    },
    /// A wall clock cannot be made to lie to this program.
    Wall {
        /// Which program.
        program: String,
        /// Why not, and what would help.
        reason: String,
    },
    /// A link between the sites makes no sense.
    Link {
        /// What is wrong with it.
        reason: String,
    },
    /// A process did not end in time after it was killed.
    StillThere {
        /// Which program.
        program: String,
    },
    /// The system failed at something that should work.
    Io {
        /// At what.
        what: &'static str,
        /// How.
        error: io::Error,
    },
}

impl fmt::Display for TestbedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TestbedError::Sites { asked } => write!(f, "a testbed has 1 to {SITES_MAX} sites, not {asked}"),
            TestbedError::Folder { path, error } => write!(f, "the folder {}: {error}", path.display()),
            TestbedError::Refused { namespaces, proxies } => {
                f.write_str("this machine refuses what real sites need")?;
                if let Some(reason) = namespaces {
                    write!(f, "; no namespaces: {reason}")?;
                }
                if let Some(reason) = proxies {
                    write!(f, "; no proxies: {reason}")?;
                }
                f.write_str(
                    "; what would help: to run as root, or to allow unprivileged user namespaces \
                     (`sysctl -w kernel.unprivileged_userns_clone=1`, and where there is AppArmor \
                     `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`), and to have /dev/net/tun \
                     (in a container `--device /dev/net/tun --cap-add NET_ADMIN --cap-add SYS_ADMIN`)",
                )
            }
            TestbedError::SiteGone { site } => {
                write!(f, "the process that keeps site {site} is gone, and with it all that ran there")
            }
            TestbedError::NotStarted { site, program, reason } => {
                write!(f, "`{program}` does not start at site {site}: {reason}")
            }
            TestbedError::Ended { program } => write!(f, "`{program}` has ended, or its input is closed"),
            TestbedError::Wall { program, reason } => {
                write!(f, "the wall clock of `{program}` cannot be made to lie: {reason}")
            }
            TestbedError::Link { reason } => f.write_str(reason),
            TestbedError::StillThere { program } => {
                write!(f, "`{program}` is still there ten seconds after it was killed")
            }
            TestbedError::Io { what, error } => write!(f, "{what}: {error}"),
        }
    }
}

impl std::error::Error for TestbedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            TestbedError::Folder { error, .. } | TestbedError::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
