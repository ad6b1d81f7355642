using GatewayKit.WireTests.Clients;
using GatewayKit.WireTests.Hosting;
using static GatewayKit.WireTests.Http1.Cases.Write;

namespace GatewayKit.WireTests.Http1;

/// <summary>The oracles can fail: each case here expects something wrong.</summary>
public sealed class RequestRunTests(Lanes lanes)
{
    private static readonly RequestCase[] Wrong =
    [
        Case("status", Get("/a%2Fb")).Forwards("GET /a%2Fb"),
        Case("code", Get("/a%2Fb")).Refused(400, "bad-host"),
        Case("refusal", Get("/")).Refuses(),
        Case("target", Get("/a")).Forwards("GET /b"),
        Case("method", Line("OPTIONS / HTTP/1.1")).Forwards("GET /"),
        Case("body", Post("Content-Length: 5\r\n", "hello")).Forwards("POST /", "jello"),
        Case("framing", Post("Content-Length: 5\r\n", "hello")).Forwards("POST /", "hello", chunked: true),
        Case("empty body", Get("/")).Forwards("GET /", string.Empty),
        Case("field that is missing", Get("/")).Forwards("GET /", with: ["X-A: 1"]),
        Case("field that passes", With("X-A: 1\r\n")).Forwards("GET /", without: ["X-A"]),
        Case("second answer", Get("/", "Connection: close\r\n") + Get("/2")).Forwards("GET /").Forwards("GET /2"),
        Case("answer nobody expected", Get("/") + Get("/2")).Forwards("GET /"),
        Case("connection that is closed", Get("/", "Connection: close\r\n")).Forwards("GET /"),
    ];

    public static TheoryData<string> Ids => [.. Wrong.Select(static request => request.Id)];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task Wrong_expectation_fails(string id)
    {
        var request = Wrong.Single(request => request.Id == id);
        await lanes.EachAsync<Segmentation>(
            [new("whole", [])],
            async (_, segmentation) =>
            {
                await using var lane = await Lane.StartAsync();
                await Assert.ThrowsAsync<InvalidOperationException>(() => RequestRun.RunAsync(lane, request, segmentation));
            });
    }
}
