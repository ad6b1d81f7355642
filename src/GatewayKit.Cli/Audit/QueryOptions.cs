using System.CommandLine;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Cli.Audit;

/// <summary>Which accesses are asked for.</summary>
internal sealed class QueryOptions
{
    private readonly Option<DateTimeOffset?> _from = new("--from") { Description = "The earliest time at which a request began, such as 2026-03-01T12:00:00Z." };
    private readonly Option<DateTimeOffset?> _to = new("--to") { Description = "The time before which it began." };
    private readonly Option<string?> _consumer = new("--consumer") { Description = "The id of the consumer." };
    private readonly Option<string?> _route = new("--route") { Description = "The id of the route." };
    private readonly Option<string?> _outcome = new("--outcome") { Description = "How it ended: ok, denied, throttled, …; unknown if it has no end." };
    private readonly Option<string?> _request = new("--request") { Description = "The id of the request." };
    private readonly Option<string?> _tenant = new("--tenant") { Description = "The tenant." };
    private readonly Option<string?> _instance = new("--instance") { Description = "The instance." };
    private readonly Option<bool> _events = new("--events") { Description = "Tells events of the journal too." };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_from, _to, _consumer, _route, _outcome, _request, _tenant, _instance, _events])
        {
            command.Options.Add(option);
        }
    }

    public AuditQuery Of(ParseResult parsed) => new()
    {
        From = parsed.GetValue(_from),
        To = parsed.GetValue(_to),
        Consumer = parsed.GetValue(_consumer),
        Route = parsed.GetValue(_route),
        Outcome = parsed.GetValue(_outcome),
        RequestId = parsed.GetValue(_request),
        Tenant = parsed.GetValue(_tenant),
        Instance = parsed.GetValue(_instance),
        IncludeEvents = parsed.GetValue(_events),
    };
}
