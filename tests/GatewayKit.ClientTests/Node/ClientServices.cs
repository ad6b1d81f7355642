using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.ClientTests.Node;

/// <summary>Answers of the kinds that HTTP clients treat in their own way. What has to be remembered is remembered for each run.</summary>
internal static class ClientServices
{
    private const int DownloadBytes = 10 * 1024 * 1024;

    public static void Map(WebApplication app, Gates gates)
    {
        app.MapGet("/hello", static (HttpContext context) => Results.Json(
            new { query = context.Request.QueryString.Value, accept = context.Request.Headers.Accept.ToString(), custom = context.Request.Headers["X-Custom"].ToString() }));
        app.MapMethods("/echo", ["GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"], EchoAsync);
        app.MapPost("/hash", static async (Stream body) => Convert.ToHexString(await SHA256.HashDataAsync(body)));
        app.MapGet("/number/{number}", static (int number) => number);
        app.MapGet("/status/{status}", static (int status) => Results.StatusCode(status));
        app.MapMethods("/redirect/{status}", ["GET", "POST"], static (HttpContext context, int status) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = context.Request.Query["to"].ToString();
        });
        app.MapGet("/cookies", static (HttpContext context) =>
        {
            context.Response.Cookies.Append("a", "1", new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/" });
            context.Response.Cookies.Append("b", "2; with, signs", new() { MaxAge = TimeSpan.FromHours(1), Path = "/" });
            return context.Request.Headers.Cookie.ToString();
        });
        app.MapGet("/gzip", WriteGzipAsync);
        app.MapMethods("/download", ["GET", "HEAD"], DownloadAsync);
        app.MapGet("/trailers", WriteTrailersAsync);
        app.MapGet("/flaky/{run}", (string run, HttpContext context) => gates.IsFirst($"flaky {run}") ? Busy(context) : Results.Text("recovered"));
        app.MapGet("/endless/{run}", (string run, HttpContext context) => WriteUntilAbortedAsync(run, context, gates));
        app.MapGet("/aborted/{run}", (string run) => gates.WaitAsync($"aborted {run}"));
        app.MapPost("/open/{gate}", (string gate) => gates.Open(gate));
    }

    private static async Task EchoAsync(HttpContext context)
    {
        context.Response.ContentType = context.Request.ContentType;
        context.Response.Headers["X-Method"] = context.Request.Method;
        context.Response.Headers["X-Framing"] = context.Request.ContentLength is { } length ? $"{length}" : "unknown";
        await context.Request.Body.CopyToAsync(context.Response.Body);
    }

    private static async Task WriteGzipAsync(HttpContext context)
    {
        context.Response.Headers.ContentEncoding = "gzip";
        context.Response.ContentType = "text/plain";
        await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
        await gzip.WriteAsync(Encoding.UTF8.GetBytes(string.Join(' ', Enumerable.Range(0, 10_000))));
    }

    private static async Task DownloadAsync(HttpContext context)
    {
        context.Response.ContentLength = DownloadBytes;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        var block = new byte[64 * 1024];
        for (var sent = 0; sent < DownloadBytes; sent += block.Length)
        {
            block.AsSpan().Fill((byte)(sent / block.Length));
            await context.Response.Body.WriteAsync(block);
        }
    }

    // Kestrel has no trailers for HTTP/1.1, and lets an application that names the coding itself write the chunks.
    private static async Task WriteTrailersAsync(HttpContext context)
    {
        context.Response.Headers.Trailer = "X-Checksum";
        if (context.Response.SupportsTrailers())
        {
            await context.Response.WriteAsync("hello");
            context.Response.AppendTrailer("X-Checksum", "abc");
            return;
        }

        context.Response.Headers.TransferEncoding = "chunked";
        await context.Response.Body.WriteAsync("5\r\nhello\r\n0\r\nX-Checksum: abc\r\n\r\n"u8.ToArray());
    }

    private static IResult Busy(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task WriteUntilAbortedAsync(string run, HttpContext context, Gates gates)
    {
        try
        {
            await context.Response.WriteAsync("first", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            gates.Open($"aborted {run}");
        }
    }
}
