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
    /// `HAProxy`.
    HaProxy,
    /// Traefik.
    Traefik,
    /// Kong.
    Kong,
    /// API Gateway of AWS.
    ApiGateway,
    /// An Application Gateway of Azure.
    AzureGateway,
    /// Fastly.
    Fastly,
    /// Akamai.
    Akamai,
}

impl Intermediary {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "Apache",
            Self::Caddy => "Caddy",
            Self::Envoy => "Envoy",
            Self::Cloudflare => "Cloudflare",
            Self::CloudFront => "CloudFront",
            Self::AwsLoadBalancer => "the AWS load balancer",
            Self::Google => "Google's load balancer",
            Self::AzureFrontDoor => "Azure Front Door",
            Self::Iis => "IIS",
            Self::Varnish => "Varnish",
            Self::Squid => "Squid",
            Self::HaProxy => "HAProxy",
            Self::Traefik => "Traefik",
            Self::Kong => "Kong",
            Self::ApiGateway => "AWS API Gateway",
            Self::AzureGateway => "Azure Application Gateway",
            Self::Fastly => "Fastly",
            Self::Akamai => "Akamai",
        }
    }
}
