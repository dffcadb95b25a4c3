//! Which servers are meant, and in which modes.

use std::path::{Path, absolute};

use anyhow::{Context as _, bail};
use constellation_lab::placement::own::OwnStore;
use constellation_lab::placement::{STORES, Store};
use constellation_lab::words::one_line;
use constellation_servers::installed::{self, Missing};
use constellation_servers::server::{Mode, Server};
use constellation_servers::servers::own::Own;
use constellation_servers::servers::specimen::Specimen;
use constellation_servers::servers::{SERVERS, find};
use constellation_trace::ids::nearest;

use super::super::load;
use crate::file::Kind;

const DESCRIPTION: Kind = Kind { what: "a description of a store", bytes_max: OwnStore::TEXT_MAX as u64 };

/// A server in one of its modes.
#[derive(Debug)]
pub(in crate::commands) struct Target {
    pub(in crate::commands) server: Box<dyn Server>,
    pub(in crate::commands) mode: Mode,
}

/// A server that is not on this machine.
pub(super) struct NotInstalled {
    /// What it is called.
    pub(super) server: String,
    pub(super) missing: Missing,
}

/// What is named: a server, with all its modes or one behind a slash, or a simulated store; of a store of the user's own,
/// which a file describes, all modes where nothing is named.
pub(in crate::commands) fn of(names: &[String], file: Option<&Path>) -> anyhow::Result<Vec<Target>> {
    let own = file.map(own).transpose()?;
    let of_own = own.as_ref().map(|own| own.info().name);
    let all: Vec<String> = of_own.iter().filter(|_| names.is_empty()).cloned().collect();
    let mut targets = Vec::new();
    for text in names.iter().chain(&all) {
        if is_store(text) {
            let store: Store = text
                .parse()
                .map_err(|error| super::super::targets::wrong_setting(store_name(text), &error))?;
            if store.sites != constellation_servers::place::SITES {
                bail!(
                    "`{store}` is at {} sites, and a server is placed at three\nhelp: leave `sites` out",
                    store.sites
                );
            }
            let server = Specimen(store);
            let mode = server.info().modes.remove(0);
            targets.push(Target { server: Box::new(server), mode });
            continue;
        }
        let (name, mode) = text.split_once('/').map_or((&**text, None), |(name, mode)| (name, Some(mode)));
        let server = || -> Option<Box<dyn Server>> {
            match &own {
                Some(own) if of_own.as_deref() == Some(name) => Some(Box::new(own.clone())),
                _ => find(name).map(|server| -> Box<dyn Server> { Box::new(server) }),
            }
        };
        let Some(info) = server().map(|server| server.info()) else {
            bail!("{}", unknown(name, of_own.as_deref()))
        };
        let modes = match mode {
            None => info.modes.clone(),
            Some(mode) => match info.mode(mode) {
                Some(mode) => vec![mode.clone()],
                None => bail!("{}", unknown_mode(name, mode, &info.modes)),
            },
        };
        targets.extend(modes.into_iter().filter_map(|mode| Some(Target { server: server()?, mode })));
    }
    Ok(targets)
}

/// Every mode of every server that is installed, and of the store that a file describes; and the servers that are not.
pub(super) fn installed(file: Option<&Path>) -> anyhow::Result<(Vec<Target>, Vec<NotInstalled>)> {
    let (mut targets, mut missing) = (Vec::new(), Vec::new());
    for info in SERVERS.iter().map(|server| server.info()) {
        match installed::find(&info) {
            Ok(_) => targets.extend(of(&[info.name], None)?),
            Err(of_server) => missing.push(NotInstalled { server: info.name, missing: of_server }),
        }
    }
    if file.is_some() {
        targets.extend(of(&[], file)?);
    }
    Ok((targets, missing))
}

/// The store that a file describes. Its commands run elsewhere, so that its folder must be whole.
fn own(file: &Path) -> anyhow::Result<Own> {
    let store = load(file, DESCRIPTION, OwnStore::parse)?;
    if find(&store.name).is_some() || is_store(&store.name) {
        bail!(
            "`{}` is the name of a store that is there already\nhelp: give yours another `name`",
            store.name
        );
    }
    let whole = absolute(file).context("cannot tell which folder this is")?;
    Ok(Own::new(store, whole.parent().unwrap_or(&whole).to_owned()))
}

fn store_name(text: &str) -> &str {
    text.split_once(':').map_or(text, |(name, _)| name).trim()
}

fn is_store(text: &str) -> bool {
    STORES.iter().any(|store| store.name == store_name(text))
}

fn unknown(name: &str, own: Option<&str>) -> String {
    let servers: Vec<String> = SERVERS.iter().map(|server| server.info().name).collect();
    let known = servers.iter().map(String::as_str).chain(STORES.iter().map(|store| store.name)).chain(own);
    let advice = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`constellation place --real` lists them".to_owned(),
    };
    format!("no server that can be placed is called `{}`\nhelp: {advice}", one_line(name))
}

fn unknown_mode(name: &str, mode: &str, modes: &[Mode]) -> String {
    let known: Vec<&str> = modes.iter().map(|mode| &*mode.name).collect();
    format!("{name} has no mode `{}`\nhelp: its modes are {}", one_line(mode), known.join(", "))
}
