using System.Security.Cryptography;
using GatewayKit.ClientTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.ClientTests.Curl;

/// <summary>curl → Standalone → a service on Kestrel.</summary>
public sealed class CurlTests : IAsyncLifetime
{
    private const int LargeBytes = 64 * 1024 * 1024;
    private readonly TemporaryFolder _folder = new();
    private TestCertificate _certificate = null!;
    private Upstream _upstream = null!;
    private StandaloneProcess _standalone = null!;

    public async ValueTask InitializeAsync()
    {
        _certificate = TestCertificate.Write(_folder);
        _upstream = await Upstream.StartAsync(static app =>
        {
            app.MapMethods("/hello", ["GET", "HEAD"], static (HttpContext context) => $"hello {context.Request.Headers["X-Forwarded-Proto"]}");
            app.MapPost("/hash", static async (Stream body) => Convert.ToHexString(await SHA256.HashDataAsync(body)));
            app.MapGet("/sized/{length}", static (int length) => Results.Bytes(new byte[length]));
            app.MapGet("/large", static async (HttpContext context) =>
            {
                var block = new byte[64 * 1024];
                for (var sent = 0; sent < LargeBytes; sent += block.Length)
                {
                    block.AsSpan().Fill((byte)(sent / block.Length));
                    await context.Response.Body.WriteAsync(block);
                }
            });
        });
        _standalone = await StandaloneProcess.StartAsync(
            $$"""
            {
              "Gateway": {
                "Clusters": {
                  "upstream": { "Destinations": { "a": { "Address": "{{_upstream.Address}}" } } },
                  "refusing": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } },
                  "empty": {}
                },
                "Routes": {
                  "all": { "Match": { "Path": "/{**rest}" }, "Cluster": "upstream" },
                  "refusing": { "Match": { "Path": "/refusing" }, "Cluster": "refusing" },
                  "empty": { "Match": { "Path": "/empty" }, "Cluster": "empty" }
                }
              }
            }
            """,
            ["http", "h2c", "https"],
            "--certificate", _certificate.File, "--certificate-key", _certificate.KeyFile);
    }

    public async ValueTask DisposeAsync()
    {
        await _standalone.DisposeAsync();
        await _upstream.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0, "--http1.1", "1.1", "http")]
    [InlineData(1, "--http2-prior-knowledge", "2", "http")]
    [InlineData(2, "--http2", "2", "https")]
    [InlineData(2, "--http1.1", "1.1", "https")]
    public async Task Get_speaks_the_version_of_the_listener(int listener, string option, string version, string scheme)
    {
        var output = await CurlAsync(listener, "/hello", option, "-w", "|%{http_version} %{http_code}");
        Assert.Equal($"hello {scheme}|{version} 200", output);
    }

    [Theory]
    [InlineData(0, "--http1.1")]
    [InlineData(1, "--http2-prior-knowledge")]
    [InlineData(2, "--http2")]
    public async Task Upload_of_64_mebibytes_arrives_whole(int listener, string option)
    {
        var (file, hash) = WriteLargeFile();
        Assert.Equal(hash, await CurlAsync(listener, "/hash", option, "--data-binary", $"@{file}", "-H", "Expect: 100-continue"));
    }

    [Fact]
    public async Task Chunked_upload_arrives_whole()
    {
        var (file, hash) = WriteLargeFile();
        Assert.Equal(hash, await CurlAsync(0, "/hash", "--http1.1", "--data-binary", $"@{file}", "-H", "Transfer-Encoding: chunked"));
    }

    [Theory]
    [InlineData(0, "--http1.1")]
    [InlineData(1, "--http2-prior-knowledge")]
    [InlineData(2, "--http2")]
    public async Task Download_of_64_mebibytes_arrives_whole(int listener, string option)
    {
        var file = Path.Combine(_folder.Path, "large");
        await CurlAsync(listener, "/large", option, "-o", file);
        var content = await File.ReadAllBytesAsync(file);
        Assert.Equal(LargeBytes, content.Length);
        Assert.True(content.Index().All(static entry => entry.Item == (byte)(entry.Index / (64 * 1024))));
    }

    // Lengths whose last part is smaller than what the gateway sends without being asked to.
    [Theory]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(100_000)]
    [InlineData(300_042)]
    [InlineData(1_000_000)]
    public async Task Answer_with_a_length_arrives_to_its_last_byte(int length)
    {
        var output = await CurlAsync(0, $"/sized/{length}", "-o", "/dev/null", "-w", "%{size_download}");
        Assert.Equal($"{length}", output);
    }

    [Fact]
    public async Task Head_is_answered_without_a_body()
    {
        var output = await CurlAsync(0, "/hello", "--http1.1", "--head");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", output);
        Assert.EndsWith("\r\n\r\n", output);
    }

    [Theory]
    [InlineData("/refusing", 502)]
    [InlineData("/empty", 503)]
    public async Task Missing_destination_is_a_problem(string path, int status)
    {
        var output = await CurlAsync(0, path, "-w", "|%{http_code} %{content_type}");
        Assert.EndsWith($"|{status} application/problem+json", output);
        Assert.Contains($"\"status\":{status}", output);
    }

    private (string File, string Hash) WriteLargeFile()
    {
        var content = new byte[LargeBytes];
        new Random(20_26).NextBytes(content);
        var file = Path.Combine(_folder.Path, "upload");
        File.WriteAllBytes(file, content);
        return (file, Convert.ToHexString(SHA256.HashData(content)));
    }

    private async Task<string> CurlAsync(int listener, string path, params IEnumerable<string> options) =>
        (await Command.RunAsync(
            "curl",
            ["--silent", "--show-error", "--noproxy", "*", "--max-time", "50", "--cacert", _certificate.File, .. options, new Uri(_standalone.Addresses[listener], path).ToString()]))
        .OutputOfSuccess();
}
