using System.Diagnostics;
using System.Runtime.CompilerServices;
using GatewayKit.Auditing.Personal;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Auditing;

/// <summary>
/// Records what Kestrel refuses before any middleware sees it: requests whose head it cannot read. Listens to that one event and to no other, or the host would pay for all of them. An HTTP/1 connection ends with
/// its first one; an HTTP/2 connection may have any number, which strangers could fill the journal with: they are told of together, with their exact number.
/// </summary>
/// <param name="trail">The records.</param>
/// <param name="time">The clock.</param>
internal sealed class ServerRejections(AuditTrail trail, TimeProvider time) : IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string Name = "protocol_reject";
    private const int MostCharacters = 64;
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    // By the transport's connection, which all of its requests see.
    private readonly ConditionalWeakTable<IConnectionLifetimeFeature, RejectedConnection> _connections = [];
    private IDisposable? _subscription;

    /// <summary>Listens from now on.</summary>
    public void Listen(DiagnosticListener listener) => _subscription ??= listener.Subscribe(this, static name => name is BadRequest);

    public void OnNext(KeyValuePair<string, object?> value)
    {
        // A body that cannot be read belongs to a request that has a record.
        if (value is not { Key: BadRequest, Value: IFeatureCollection features } || features.Get<AuditedRequest>() is not null || trail.Journal is null)
        {
            return;
        }

        // The message quotes what the client sent: the status says enough.
        var status = (features.Get<IBadRequestExceptionFeature>()?.Error as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest;
        var connection = features.Get<IHttpConnectionFeature>();
        var rejection = new Rejection(status, connection?.RemoteIpAddress, connection?.ConnectionId);
        if (features.Get<IConnectionLifetimeFeature>() is not { } lifetime)
        {
            Write(rejection, 1);
            return;
        }

        var known = _connections.GetValue(lifetime, one => new(time, Write, one.ConnectionClosed));
        known.Add(rejection);
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose() => _subscription?.Dispose();

    private void Write(Rejection rejection, long count)
    {
        if (trail.Journal is not { } journal)
        {
            return;
        }

        var entry = journal.NewEvent(Name, json =>
        {
            json.WriteNumber("st"u8, rejection.Status);
            json.WriteString("outcome"u8, Name);
            if (rejection.Address is { } address && !trail.Personal.Hides(PersonalField.Address))
            {
                json.WriteString("src"u8, trail.Personal.AddressText(address));
            }

            if (rejection.ConnectionId is { } id)
            {
                json.WriteString("conn"u8, id.AsSpan(0, Math.Min(id.Length, MostCharacters)));
            }

            if (count > 1)
            {
                json.WriteNumber("n"u8, count);
            }
        });
        journal.Append(entry, isRequired: false);
    }
}
