//! How nodes greet each other.

use serde::{Deserialize, Serialize};

const PROTOCOL_VERSION: u32 = 7;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")] //~ admin::deny-unknown-wire
pub struct JoinRequest {
    pub node: u64,
    pub version: u32,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", deny_unknown_fields)] //~ admin::deny-unknown-wire
pub enum GossipMessage {
    Ping { from: u64 },
    Ack { from: u64 },
}

pub fn accept(hello: &Hello) -> Result<(), Error> {
    if hello.version != PROTOCOL_VERSION { //~ admin::exact-version-handshake
        return Err(Error::Version(hello.version));
    }
    Ok(())
}

pub async fn greet(link: &mut Link) -> anyhow::Result<()> {
    let peer_version = link.receive_version().await?;
    if peer_version != env!("CARGO_PKG_VERSION") { //~ admin::exact-version-handshake
        anyhow::bail!("{peer_version} is not our version");
    }
    Ok(())
}

pub fn admit(request: JoinRequest, remote: &Remote) -> Result<Admission, Error> {
    if PROTOCOL_VERSION != remote.version { //~ admin::exact-version-handshake
        return Err(Error::Version(remote.version));
    }
    Ok(Admission { node: request.node })
}

pub fn matched(handshake: &Handshake) -> Result<(), Error> {
    match handshake.version {
        PROTOCOL_VERSION => Ok(()),
        other => Err(Error::Version(other)), //~ admin::exact-version-handshake (missed: a match, of which the rule reads none)
    }
}
