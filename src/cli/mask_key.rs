//! `--mask`: reads the secret key from a file or from the environment. The key is never on the command line, which other users
//! of the machine can see.

use std::path::Path;

use anyhow::anyhow;

use crate::claim::line::mask::Mask;
use crate::cli::load::read_within;

/// Most bytes of a key. Any file may be one, and none of this size was meant as one.
const MOST_KEY_BYTES: u64 = 1 << 20;

/// Reads the key from the variable of `env:NAME`, or else from the file with that name.
pub(crate) fn load(from: &str) -> anyhow::Result<Mask> {
    let secret = match from.strip_prefix("env:") {
        Some(name) => std::env::var_os(name)
            .ok_or_else(|| anyhow!("--mask {from}: no such variable; set it to the key, or name a file"))?
            .into_encoded_bytes(),
        None => read_within(Path::new(from), MOST_KEY_BYTES).map_err(|what| anyhow!("--mask {from}: {what}"))?,
    };
    Mask::new(&secret).map_err(|weak| {
        anyhow!(
            "--mask {from}: the key {weak}; make one with `head -c 32 /dev/urandom | base64 > mask.key` and keep it as \
             secret as the claims"
        )
    })
}
