using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace GatewayKit.Configuration;

/// <summary>Checks the annotations of the model's records and of policies, all the way down.</summary>
internal sealed class AnnotationChecks(ModelTypes types)
{
    /// <summary>Checks a record.</summary>
    /// <returns>Whether nothing is <see langword="null"/> that must not be, so that other checks may look inside.</returns>
    public bool Check(object record, string path, Report report) => CheckValue(types.Get(record.GetType()), record, new(path, report));

    private bool CheckValue(ModelType type, object? value, ReportPlace place)
    {
        if (value is null)
        {
            place.Report($"{place.Key} is null. Give it a value or leave it out.");
            return false;
        }

        switch (type.Kind)
        {
            case ModelKind.Scalar when type.Type.IsEnum && !Enum.IsDefined(type.Type, value):
                place.Report($"{place.Key} is {value}, and must be {type.Format!.Expected}.");
                return true;
            case ModelKind.Record:
                return CheckProperties(type, value, place);
            case ModelKind.Union:
                return CheckProperties(types.Get(value.GetType()), value, place);
            case ModelKind.List:
                return CheckItems(type.Item, (IEnumerable)value, place);
            case ModelKind.Map:
                return CheckEntries(type.Item, (IEnumerable)value, place);
            default:
                return true;
        }
    }

    private bool CheckItems(ModelType type, IEnumerable items, ReportPlace place)
    {
        var (usable, index) = (true, 0);
        foreach (var item in items)
        {
            place.Enter(index++.ToString(CultureInfo.InvariantCulture));
            usable &= CheckValue(type, item, place);
            place.Leave();
        }

        return usable;
    }

    private bool CheckEntries(ModelType type, IEnumerable entries, ReportPlace place)
    {
        var usable = true;
        foreach (var entry in entries)
        {
            var (key, content) = ModelInstances.Entry(entry);
            place.Enter(key);
            usable &= CheckValue(type, content, place);
            place.Leave();
        }

        return usable;
    }

    private bool CheckProperties(ModelType type, object record, ReportPlace place)
    {
        var usable = true;
        foreach (var property in type.Properties)
        {
            var value = property.Get(record);
            var isItems = type.IsWrittenAsItems(property, record);
            if (!isItems)
            {
                place.Enter(property.Name);
            }

            if (value is not null)
            {
                CheckAnnotations(property, value, record, place);
                usable &= CheckValue(property.Type, value, place);
            }
            else if (property.IsRequired || type.DefaultOf(property) is not null)
            {
                place.Report($"{property.Name} is null. Give it a value{(property.IsRequired ? string.Empty : " or leave it out")}.");
                usable = false;
            }

            if (!isItems)
            {
                place.Leave();
            }
        }

        if (usable && record is IValidatableObject validatable)
        {
            foreach (var result in validatable.Validate(Context(record, type.Type.Name)).Where(static result => result != ValidationResult.Success))
            {
                place.Report(result.ErrorMessage ?? "is not valid.", result.MemberNames.FirstOrDefault());
            }
        }

        return usable;
    }

    private static void CheckAnnotations(ModelProperty property, object value, object record, ReportPlace place)
    {
        foreach (var annotation in property.Annotations)
        {
            // The framework's own judge without a context, which is as large as the record itself.
            if (annotation.GetType().Assembly == typeof(ValidationAttribute).Assembly && !annotation.RequiresValidationContext && annotation.IsValid(value))
            {
                continue;
            }

            var context = Context(record, property.Name);
            context.MemberName = property.Name;
            if (annotation.GetValidationResult(value, context) is { } failed)
            {
                place.Report(Describe(annotation, property, value) ?? failed.ErrorMessage ?? $"{property.Name} is not valid.");
            }
        }
    }

    // A message that its author wrote is left alone; the framework's own do not say what was found.
    private static string? Describe(ValidationAttribute annotation, ModelProperty property, object value)
    {
        var isOwn = annotation is AllowedValuesAttribute ? annotation.ErrorMessage != new AllowedValuesAttribute().ErrorMessage : annotation.ErrorMessage is not null;
        if (isOwn || annotation.ErrorMessageResourceName is not null)
        {
            return null;
        }

        var text = property.Type is { Kind: ModelKind.Scalar, Format: { } format } ? format.Format(value) : null;
        return annotation switch
        {
            RequiredAttribute => $"{property.Name} is empty. Give it a value.",
            RangeAttribute range => Invariant($"{property.Name} is {text}; it must be {(range.MinimumIsExclusive ? "more than" : "from")} {range.Minimum} {(range.MaximumIsExclusive ? "to less than" : "to")} {range.Maximum}."),
            AllowedValuesAttribute allowed => Invariant($"{property.Name} is {text}; it must be one of {string.Join(", ", allowed.Values.Select(static one => Invariant($"{one}")))}."),
            _ => null,
        };
    }

    private static ValidationContext Context(object record, string name) => new(record, name, serviceProvider: null, items: null);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
