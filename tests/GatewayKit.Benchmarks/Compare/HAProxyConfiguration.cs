namespace GatewayKit.Benchmarks.Compare;

/// <summary>HAProxy as a proxy.</summary>
internal static class HAProxyConfiguration
{
    public const string Features = "acl of known keys; stick-table with http_req_rate per key, limit 1,000,000/s; httplog to a file";

    // Keys as in Targets/Hosting/ApiKeys.cs. A line of the configuration holds at most 64 words, so the list is an acl of several.
    private static readonly string Keys = string.Concat(Enumerable.Range(0, 1_000).Chunk(50)
        .Select(static numbers => $"  acl known_key req.hdr(x-api-key) -m str {string.Join(' ', numbers.Select(static number => $"key-{number:D4}-0123456789abcdef"))}\n"));

    public static string Proxy(int port, Uri upstream) => $"""
        global
          nbthread 2
          maxconn 4096
          log stdout format raw local0 info
        defaults
          mode http
          timeout connect 5s
          timeout client 600s
          timeout server 600s
          option http-keep-alive
          http-reuse always
        frontend front
          bind 127.0.0.1:{port}
          log global
          option httplog
          stick-table type string len 64 size 100k expire 10m store http_req_rate(1s)
          acl features path_beg /features/
        {Keys}
          http-request set-log-level silent unless features
          http-request deny deny_status 401 if features !known_key
          http-request track-sc0 req.hdr(x-api-key) if features
          http-request deny deny_status 429 if features {"{ sc_http_req_rate(0) gt 1000000 }"}
          option forwardfor
          http-request set-header X-Forwarded-Proto http
          http-request set-header X-Forwarded-Host %[req.hdr(host)]
          http-request set-header Host {upstream.Authority}
          default_backend back
        backend back
          server upstream {upstream.Authority}

        """;
}
