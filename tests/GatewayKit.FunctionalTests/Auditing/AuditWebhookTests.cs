using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Auditing.Shipping;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Auditing;

public sealed class AuditWebhookTests : IDisposable
{
    private const string Key = "0123456789abcdef0123456789abcdef";
    private readonly string _secret = Path.GetTempFileName();
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentQueue<int> _statuses = new();
    private int _badSignatures;

    [Fact]
    public async Task Service_gets_every_line_signed()
    {
        await using var service = await StartServiceAsync();
        await using var host = await StartAsync(service);
        await AskAsync(host, 20);
        await host.StopAndReadAsync();
        Assert.Equal(host.ReadText().Split('\n', StringSplitOptions.RemoveEmptyEntries), _lines.Where(static line => !line.Contains("\"kind\":\"checkpoint\"", StringComparison.Ordinal)));
        Assert.Equal(0, _badSignatures);
    }

    [Fact]
    public async Task Service_that_is_busy_gets_the_batch_again()
    {
        _statuses.Enqueue(StatusCodes.Status503ServiceUnavailable);
        _statuses.Enqueue(StatusCodes.Status401Unauthorized);
        await using var service = await StartServiceAsync();
        await using var host = await StartAsync(service);
        await AskAsync(host, 5);
        while (!_lines.Any(static line => line.Contains("\"kind\":\"end\"", StringComparison.Ordinal)))
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await host.StopAndReadAsync();
        Assert.Equal(host.ReadText().Split('\n', StringSplitOptions.RemoveEmptyEntries), _lines.Where(static line => !line.Contains("\"kind\":\"checkpoint\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Record_that_the_service_refuses_is_a_dead_letter()
    {
        await using var service = await StartServiceAsync("\"kind\":\"begin\"");
        await using var host = await StartAsync(service);
        await AskAsync(host, 3);
        await host.StopAndReadAsync();
        var letters = Directory.GetFiles(host.Folder, "webhook.dead", SearchOption.AllDirectories).SelectMany(File.ReadLines).ToArray();
        Assert.Equal(3, letters.Length);
        Assert.All(letters, static letter => Assert.Contains("status 400", letter, StringComparison.Ordinal));
        Assert.Equal(3, _lines.Count(static line => line.Contains("\"kind\":\"end\"", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("http://audit.example.com/")]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("https://user:password@audit.example.com/")]
    public void Address_is_https_unless_it_is_this_machine(string address) =>
        Assert.Throws<ArgumentException>(() => WebApplication.CreateSlimBuilder().Services.AddApiGateway().AddAuditWebhook(new() { Address = new(address), Secret = SecretReference.Parse("env:KEY") }));

    public void Dispose() => File.Delete(_secret);

    private async Task<AuditedHost> StartAsync(TestHost service)
    {
        await File.WriteAllTextAsync(_secret, Key);
        var quick = new AuditSinkOptions { Interval = TimeSpan.FromMilliseconds(10) };
        return await AuditedHost.StartAsync(services: gateway =>
        {
            gateway.AddAuditWebhook(new() { Address = service.Address, Secret = SecretReference.Parse($"file:{_secret}"), Sink = quick });
        });
    }

    private static async Task AskAsync(AuditedHost host, int times)
    {
        for (var time = 0; time < times; time++)
        {
            using var answer = await host.Client.GetAsync(new Uri("/orders", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode);
        }
    }

    private Task<TestHost> StartServiceAsync(string? poison = null) => TestHost.StartAsync(map: app => app.Run(async context =>
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        if (_statuses.TryDequeue(out var status) || (poison is not null && body.Contains(poison, StringComparison.Ordinal)))
        {
            context.Response.StatusCode = status is 0 ? StatusCodes.Status400BadRequest : status;
            return;
        }

        var parts = context.Request.Headers["Audit-Signature"].ToString().Split(',');
        var signed = $"{parts[0][2..]}.{context.Request.Headers["Audit-Instance"]}.{context.Request.Headers["Audit-Boot"]}.{body}";
        if (parts[1] != $"v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), Encoding.UTF8.GetBytes(signed)))}")
        {
            Interlocked.Increment(ref _badSignatures);
        }

        foreach (var line in body.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            _lines.Enqueue(line);
        }
    }));
}
