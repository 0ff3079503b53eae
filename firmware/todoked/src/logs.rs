//! Logs: English, without personal data, to the error output.

use tracing_subscriber::EnvFilter;

/// Starts logging. `TODOKE_LOG` chooses what, for example `todoked=debug`.
pub fn start() {
    let filter = EnvFilter::try_from_env("TODOKE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,typst=warn,rustls=warn,hyper=warn"));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .try_init();
    if started.is_err() {
        tracing::debug!("logging was started already");
    }
}
