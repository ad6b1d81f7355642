using System.Text.Json;
using GatewayKit.Admin;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Personal;
using GatewayKit.Configuration;

namespace GatewayKit;

/// <summary>Puts into the journal what changes the gateway: configurations that are applied or rejected, and what administrators do.</summary>
internal sealed class AuditedChanges(AuditTrail trail, GatewayConfigurator configurator) : IGatewayAdminObserver
{
    private const int MostErrors = 16;
    private const int MostCharacters = 160;

    /// <summary>Records what changes from now on, and what is in force.</summary>
    public void Watch()
    {
        Applied(configurator.Current.Revision, configurator.Current.Hash);
        configurator.Applied += (_, result) => Applied(result.Snapshot.Revision, result.Snapshot.Hash);
        configurator.Rejected += (_, result) => Rejected(result);
    }

    public async ValueTask ChangedAsync(GatewayAdminChange change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (trail.Journal is not { } journal)
        {
            return;
        }

        var personal = trail.Personal;
        var entry = journal.NewEvent("admin", json =>
        {
            json.WriteString("action"u8, change.Action.ToString());
            json.WriteString("consumer"u8, personal.Name(PersonalData.Consumer, change.ConsumerId));
            Write(json, "subject", change.Subject is { } key && IsOfKey(change.Action) ? personal.Name(PersonalData.Credential, key) : change.Subject);
            Write(json, "actor", change.Actor is { } actor ? personal.Name(PersonalData.Actor, actor) : null);
            Write(json, "scheme", change.AuthenticationType);
            Write(json, "src", change.Address is { } address && !personal.Hides(PersonalField.Address) ? personal.AddressText(address) : null);
            json.WriteString("traceId"u8, change.TraceId);
        });
        if (!await journal.AppendAsync(entry).ConfigureAwait(false))
        {
            throw new InvalidOperationException("The journal does not take records: a change by an administrator is not in it.");
        }
    }

    private static bool IsOfKey(GatewayAdminAction action) => action is GatewayAdminAction.KeyCreated or GatewayAdminAction.KeyRevoked or GatewayAdminAction.KeyDeleted;

    private void Applied(long revision, string hash) =>
        Append("config.applied", json =>
        {
            json.WriteNumber("policyRev"u8, revision);
            json.WriteString("hash"u8, hash);
        });

    private void Rejected(ApplyResult result) =>
        Append("config.rejected", json =>
        {
            json.WriteNumber("policyRev"u8, result.Snapshot.Revision);
            json.WriteNumber("errors"u8, result.Errors.Count);
            json.WriteStartArray("first"u8);
            foreach (var error in result.Errors.Take(MostErrors))
            {
                var text = error.ToString();
                text = text.Length <= MostCharacters ? text : text[..MostCharacters];
                if (!AuditLines.HasRoom(json, text))
                {
                    break;
                }

                json.WriteStringValue(text);
            }

            json.WriteEndArray();
        });

    private void Append(string name, Action<Utf8JsonWriter> write)
    {
        if (trail.Journal is { } journal)
        {
            journal.Append(journal.NewEvent(name, write));
        }
    }

    private static void Write(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
