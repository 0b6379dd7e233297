//! What stands between us and a server.

/// A reverse proxy, or a server that is often used as one, by what it puts into its responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intermediary {
    /// nginx, and what is built on it.
    Nginx,
    /// Apache httpd.
    Apache,
    /// Caddy.
    Caddy,
    /// Envoy, or Istio with it.
    Envoy,
    /// Cloudflare.
    Cloudflare,
    /// Amazon `CloudFront`.
    CloudFront,
    /// An Application Load Balancer of AWS.
    AwsLoadBalancer,
    /// A load balancer of Google Cloud, or Cloud Run.
    Google,
    /// Azure Front Door.
    AzureFrontDoor,
    /// Microsoft IIS.
    Iis,
    /// Varnish.
    Varnish,
    /// Squid.
    Squid,
}
