using System.Diagnostics;
using GatewayKit.Forwarding;
using GatewayKit.WireTests.Responses;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Aborts;

/// <summary>A client that has its whole answer may go as it likes: the request was a success.</summary>
public sealed class LateAbortTests(ITestOutputHelper output)
{
    // So many that a race has its chance, and no longer than this.
    private const int Most = 3_000;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1.5);

    [Theory]
    [Trait("Fault", "C1")]
    [InlineData(5, 0)]
    [InlineData(5, 5)]
    [InlineData(400_000, 0)]
    public async Task Reset_after_the_last_byte_is_a_success(int first, int second)
    {
        await using var upstream = ScriptedUpstream.Start(async connection =>
        {
            while (true)
            {
                await connection.ReadHeadAsync();
                await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {first + second}\r\n\r\n{new string('x', first)}");
                if (second > 0)
                {
                    // The head and the first part go alone.
                    await Task.Yield();
                    await connection.SendAsync(new string('y', second));
                }
            }
        });
        await using var gateway = await RecordingGateway.StartAsync(upstream.Address);
        var startedAt = Stopwatch.GetTimestamp();
        var runs = 0;
        for (; runs < Most && (runs < 50 || Stopwatch.GetElapsedTime(startedAt) < Longest); runs++)
        {
            using var client = await AnswerReader.ConnectAsync(gateway.Address);
            var answer = await client.GetAsync("/");
            client.Reset();
            Assert.True(answer.IsWhole);
            var record = await gateway.Records.NextAsync();
            Assert.Null(record.Reason);
            Assert.Equal(new ForwardOutcome(ForwardError.None, ForwardPhase.Complete, 0, first + second), record.Outcome);
        }

        gateway.MustBecomeQuiet();
        output.WriteLine($"{runs} runs.");
    }
}
