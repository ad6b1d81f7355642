namespace GatewayKit.Benchmarks.Compare;

/// <summary>nginx as a proxy, and nginx as the server behind all proxies.</summary>
internal static class NginxConfiguration
{
    public const string Features = "map of known keys; limit_req 1,000,000/s per key; access_log, buffered";

    // Keys as in Targets/Hosting/ApiKeys.cs.
    private static readonly string Keys = string.Concat(Enumerable.Range(0, 1_000)
        .Select(static number => $"    \"key-{number:D4}-0123456789abcdef\" 1;\n"));

    private static readonly string Head = $$"""
        {{(Environment.UserName is "root" ? "user root;" : "")}}
        daemon off;
        pid nginx.pid;
        worker_rlimit_nofile 8192;
        events { worker_connections 2048; }
        """;

    // Without these a connection ends after 1,000 requests, and the run would measure connecting.
    private const string Http = """
          access_log off;
          keepalive_requests 1000000000;
          keepalive_timeout 600s;
          client_body_temp_path body;
          proxy_temp_path proxy;
          fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi;
          scgi_temp_path scgi;
          tcp_nodelay on;
          default_type text/plain;
        """;

    /// <summary>The server behind all proxies: answers from memory, and from a file of 64 KiB with sendfile.</summary>
    public static string Upstream(int port, string largeFile) => $$"""
        {{Head}}
        worker_processes 1;
        http {
        {{Http}}
          sendfile on;
          open_file_cache max=16 inactive=600s;
          server {
            listen 127.0.0.1:{{port}};
            location = /small { return 200 "hello"; }
            location = /features/small { return 200 "hello"; }
            location = /post { return 200 "hello"; }
            location = /large { alias {{largeFile}}; }
            location = /headers {
        {{string.Concat(Enumerable.Range(0, 20).Select(static number => $"      add_header X-Response-{number:D2} 0123456789abcdef;\n"))}}
              return 200 "hello";
            }
          }
        }
        """;

    public static string Proxy(int port, Uri upstream, string log = "access_log off;") => $$"""
        {{Head}}
        worker_processes 2;
        http {
        {{Http}}
          map_hash_bucket_size 128;
          map $http_x_api_key $known_key {
            default 0;
        {{Keys}}
          }
          limit_req_zone $http_x_api_key zone=keys:10m rate=1000000r/s;
          upstream upstream_server {
            server {{upstream.Authority}};
            keepalive 256;
            keepalive_requests 1000000000;
            keepalive_timeout 600s;
          }
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_set_header Host $proxy_host;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          proxy_set_header X-Forwarded-Proto $scheme;
          proxy_set_header X-Forwarded-Host $http_host;
          server {
            listen 127.0.0.1:{{port}} reuseport;
            location / { {{log}} proxy_pass http://upstream_server; }
            location /features/ {
              if ($known_key = 0) { return 401; }
              limit_req zone=keys burst=100000 nodelay;
              access_log access.log combined buffer=64k flush=1s;
              proxy_pass http://upstream_server;
            }
          }
        }
        """;
}
