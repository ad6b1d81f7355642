using System.Diagnostics;
using System.Text.Json;
using GatewayKit.Auditing.Bodies;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Auditing;

/// <summary>The two lines of a request, in the form <c>gk.audit/1</c>: the beginning says who was let in to what, the end what came of it.</summary>
internal static class AuditLines
{
    /// <summary>A line is no longer than so many bytes.</summary>
    public const int MostBytes = 4 * 1024;

    /// <summary>How many characters of a path are shown.</summary>
    public const int MostPathCharacters = 512;

    private const int MostRestBytes = 64;
    private const int MostAgentCharacters = 160;

    public static void WriteBegin(JournalEntry entry, AuditedRequest request, in AuditTime now)
    {
        var (http, personal) = (request.HttpContext, request.Trail.Personal);
        var consumer = http.Features.Get<GatewayConsumer>();
        var text = new RecordText(Room(entry));
        text.TryWrite("{\"v\":1,\"kind\":\"begin\""u8);
        WriteCommon(ref text, request, now);
        text.TryWrite(request.Endpoint.Names);
        if (request.Trail.Revision is > 0 and var revision)
        {
            text.Number(",\"policyRev\":"u8, revision);
        }

        WriteAddress(ref text, request);

        if (!personal.Hides(PersonalField.Consumer))
        {
            WriteCaller(ref text, personal, consumer);
        }

        WritePlan(ref text, consumer);
        if (request.Context is { } context)
        {
            WriteDecisions(ref text, request.Endpoint, context);
        }

        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity)
        {
            text.String(",\"trace\":"u8, activity.TraceId.ToHexString());
            text.String(",\"span\":"u8, activity.SpanId.ToHexString());
        }

        if (personal.Keys is not null)
        {
            PersonalPart.WriteBegin(ref text, request, consumer);
        }

        // From here on what clients make as long as they like: it takes the room of nothing in front.
        text.String(",\"m\":"u8, http.Request.Method, most: 32);
        text.String(",\"proto\":"u8, http.Request.Protocol, most: 16);
        WriteHost(ref text, http);
        WritePath(ref text, request);
        if (!personal.Seals(PersonalField.UserAgent))
        {
            WriteAgent(ref text, http);
        }

        if (!personal.Seals(PersonalField.Headers))
        {
            FieldMembers.WriteHeaders(ref text, request.Endpoint.RequestHeaders, http.Request.Headers, request.Context);
        }

        if (!personal.Seals(PersonalField.Query))
        {
            FieldMembers.WriteQuery(ref text, request.Endpoint.QueryKeys, http.Request.QueryString);
        }

        entry.Advance(text.End());
    }

    // Where the address is that of the connection, as it is without a proxy in front, there is no more to say.
    private static void WriteAddress(ref RecordText text, AuditedRequest request)
    {
        if (request.HttpContext.Connection.RemoteIpAddress is not { } address)
        {
            return;
        }

        var (personal, trust) = (request.Trail.Personal, request.AddressTrust);
        var isHidden = personal.Hides(PersonalField.Address);
        if (!isHidden)
        {
            personal.WriteAddress(ref text, ",\"src\":"u8, address);
        }

        if (trust is not AddressTrust.Peer)
        {
            text.TryWrite(trust is AddressTrust.Forwarded ? ",\"srcTrust\":\"forwarded\""u8 : ",\"srcTrust\":\"unknown\""u8);
            if (request.Peer is { } peer && !isHidden)
            {
                personal.WriteAddress(ref text, ",\"peer\":"u8, peer);
            }
        }
    }

    public static void WriteEnd(JournalEntry entry, AuditedRequest request, in AuditTime now)
    {
        var (http, context) = (request.HttpContext, request.Context);
        var text = new RecordText(Room(entry));
        text.TryWrite("{\"v\":1,\"kind\":\"end\""u8);
        WriteCommon(ref text, request, now);
        text.TryWrite(request.Endpoint.Names);
        text.Number(",\"dur_us\":"u8, (long)now.Since(request.StartedAt).TotalMicroseconds);
        text.Number(",\"st\":"u8, http.Response.StatusCode);
        var outcome = OutcomeOf(request);
        text.TryWrite(",\"outcome\":\""u8);
        text.TryWrite(outcome);
        text.TryWrite("\""u8);
        if (context?.Reason is { } reason)
        {
            text.String(",\"err\":"u8, reason.Code);
        }

        if (context is not null && (context.Reason is not null || context.HasShadow))
        {
            WriteAll(ref text, context.Decisions);
        }

        if (context?.LatestAttempt is { } latest)
        {
            AttemptMembers.Write(ref text, context.FormerAttempts, latest);
        }

        WriteBytes(ref text, http, context);
        var (personal, sealsFields) = (request.Trail.Personal, request.Trail.Personal.Seals(PersonalField.Headers));
        if (!sealsFields)
        {
            FieldMembers.WriteHeaders(ref text, request.Endpoint.ResponseHeaders, http.Response.Headers, context: null);
        }

        if (personal.Keys is not null && (request.Bodies.Any || (sealsFields && request.Endpoint.ResponseHeaders.Length > 0)))
        {
            PersonalPart.WriteEnd(ref text, request, sealsFields);
        }
        else if (request.Bodies.Any)
        {
            BodyMembers.Write(ref text, request, isSealed: false);
        }

        entry.Advance(text.End());
    }

    /// <summary>Writes a beginning that says no more than that there was one, when and where: what there is to say of it could not be read.</summary>
    public static void WriteBareBegin(JournalEntry entry, AuditedRequest request, in AuditTime now)
    {
        var text = new RecordText(Room(entry));
        text.TryWrite("{\"v\":1,\"kind\":\"begin\""u8);
        WriteCommon(ref text, request, now);
        text.TryWrite(request.Endpoint.Names);
        text.TryWrite(",\"cut\":true"u8);
        entry.Advance(text.End());
    }

    /// <summary>The same for an end.</summary>
    public static void WriteBareEnd(JournalEntry entry, AuditedRequest request, in AuditTime now)
    {
        var text = new RecordText(Room(entry));
        text.TryWrite("{\"v\":1,\"kind\":\"end\""u8);
        WriteCommon(ref text, request, now);
        text.TryWrite(request.Endpoint.Names);
        text.Number(",\"dur_us\":"u8, (long)now.Since(request.StartedAt).TotalMicroseconds);
        text.TryWrite(",\"cut\":true"u8);
        entry.Advance(text.End());
    }

    /// <summary>Whether a value of a list still fits into an event, with what else there is to say.</summary>
    public static bool HasRoom(Utf8JsonWriter json, string value) => json.BytesCommitted + json.BytesPending + JsonEncodedText.Encode(value).EncodedUtf8Bytes.Length < MostBytes - JournalLine.MostTailBytes - MostRestBytes;

    /// <summary>Where a line is written: what does not fit is left out.</summary>
    public static Span<byte> Room(JournalEntry entry) => entry.GetSpan(MostBytes - JournalLine.MostTailBytes)[..(MostBytes - JournalLine.MostTailBytes)];

    // What the gateway knows comes first. Of what the host does with a request that the gateway let through, or never saw, the status tells, and that it left or failed half-way.
    private static ReadOnlySpan<byte> OutcomeOf(AuditedRequest request)
    {
        var (http, context) = (request.HttpContext, request.Context);
        if (context?.Reason is { } reason)
        {
            return AuditOutcome.Of(reason, isCut: context.LatestAttempt is { Record.IsCut: true });
        }

        var (status, isForwarded) = (http.Response.StatusCode, context is { LatestAttempt: not null });
        if (http.RequestAborted.IsCancellationRequested && (!isForwarded || request.HasFailed))
        {
            return AuditOutcome.ClientAborted;
        }

        if (request is { HasFailed: true, HasStarted: true })
        {
            return AuditOutcome.Truncated;
        }

        // A status that tells of an error is a destination's, unless a handler asked it and failed then.
        var isServed = isForwarded || context is { Passed: not GatewayContext.NotEntered };
        return isServed && !request.HasFailed && (status < StatusCodes.Status500InternalServerError || (isForwarded && context!.Concluded)) ? AuditOutcome.Ok
            : AuditOutcome.Of(status, isMatched: context is not null || request.IsMatched);
    }

    private static void WriteCommon(ref RecordText text, AuditedRequest request, in AuditTime now)
    {
        text.Time(",\"ts\":"u8, now.Utc);
        text.Number(",\"mono\":"u8, now.Nanoseconds);
        text.Verbatim(",\"rid\":"u8, request.Id);
    }

    // As it came: decoding a name for people to read fails for what is none, and a client chooses what it sends.
    private static void WriteHost(ref RecordText text, HttpContext http)
    {
        if (http.Request.Headers.Host is { Count: > 0 } host)
        {
            text.String(",\"host\":"u8, host[0]);
        }
    }

    private static void WritePath(ref RecordText text, AuditedRequest request)
    {
        if (request.Endpoint.Template is { } template)
        {
            text.TryWrite(template);
        }
        else if (request.Endpoint.Policy.Path is AuditPath.Canonical || request.Context is null)
        {
            // What has no single reading is shown as it was taken apart by the server.
            var path = request.Context is { } context && !AuditTrail.IsAnsweredElsewhere(request.HttpContext, out _) ? context.Path : null;
            text.String(",\"path\":"u8, path ?? request.Path, MostPathCharacters);
        }
    }

    public static void WriteAgent(ref RecordText text, HttpContext http)
    {
        if (http.Request.Headers.UserAgent is { Count: > 0 } agent)
        {
            text.String(",\"ua\":"u8, agent[0], MostAgentCharacters);
        }
    }

    private static void WritePlan(ref RecordText text, GatewayConsumer? consumer)
    {
        if (consumer?.ProductId is { } product)
        {
            text.String(",\"product\":"u8, product);
        }

        if (consumer?.Plan is { } plan)
        {
            text.String(",\"plan\":"u8, plan.Id);
        }
    }

    public static void WriteCaller(ref RecordText text, PersonalData personal, GatewayConsumer? consumer)
    {
        if (consumer is null)
        {
            return;
        }

        personal.WriteName(ref text, ",\"sub\":"u8, PersonalData.Consumer, consumer.Id);
        if (consumer.ApplicationId is { } application)
        {
            personal.WriteName(ref text, ",\"app\":"u8, PersonalData.Application, application);
        }

        if (consumer.CredentialId is { } credential)
        {
            personal.WriteName(ref text, ",\"keyId\":"u8, PersonalData.Credential, credential);
        }
    }

    private static void WriteDecisions(ref RecordText text, AuditedEndpoint endpoint, GatewayContext context)
    {
        if (!context.HasShadow && context.Passed >= 0)
        {
            text.TryWrite(endpoint.Allowed(context.Pipeline, context.Passed));
        }
        else
        {
            WriteAll(ref text, context.Decisions);
        }
    }

    private static void WriteAll(ref RecordText text, IReadOnlyList<PolicyDecision> decisions)
    {
        var isOpen = false;
        foreach (var decision in decisions)
        {
            // That it is recorded needs no record.
            if (decision is { Policy: AuditPolicy.Name, Outcome: PolicyOutcome.Allowed })
            {
                continue;
            }

            var (length, omitted) = (text.Length, text.Omitted);
            text.TryWrite(isOpen ? ","u8 : ",\"dec\":["u8);
            text.String("{\"p\":"u8, decision.Policy, most: 64);
            text.String(",\"o\":"u8, Word(decision.Outcome));
            if (decision.Reason is { } reason)
            {
                text.String(",\"r\":"u8, reason.Code);
            }

            text.TryWrite("}"u8);
            if (text.TakeBack(length, omitted))
            {
                break;
            }

            isOpen = true;
        }

        if (isOpen)
        {
            text.Close((byte)']');
        }
    }

    private static string Word(PolicyOutcome outcome) => outcome switch
    {
        PolicyOutcome.Refused => "deny",
        PolicyOutcome.WouldRefuse => "would-deny",
        PolicyOutcome.Answered => "answer",
        _ => "allow",
    };

    // What passed through the gateway, without framing. What an endpoint of the host reads and writes nobody counts: that a head announces a length does not say that it passed.
    private static void WriteBytes(ref RecordText text, HttpContext http, GatewayContext? context)
    {
        if (MayBeTunnel(http) && context?.Tunnel is { } tunnel)
        {
            text.Number(",\"bin\":"u8, tunnel.BytesFromClient);
            text.Number(",\"bout\":"u8, tunnel.BytesFromDestination);
            text.TryWrite(",\"tunnel\":true"u8);
            return;
        }

        var fallback = context?.Fallback;
        if (fallback is not null)
        {
            text.String(",\"fallback\":"u8, fallback.Kind);
        }

        if (context?.LatestAttempt is { } attempt)
        {
            var record = attempt.Record;
            text.Number(",\"bin\":"u8, record.RequestBytes);
            if (fallback is null or { Kind: FallbackRecord.Cluster })
            {
                text.Number(",\"bout\":"u8, record.ResponseBytes);
            }
        }
    }

    private static bool MayBeTunnel(HttpContext http) => http.Response.StatusCode is StatusCodes.Status101SwitchingProtocols || HttpMethods.IsConnect(http.Request.Method);
}
